import { AgentRunner, type AgentRunnerOptions, type BaseAgent, type TrunklineError } from "trunkline";

/** A runner that runs, with what it reported. Ends with the test that awaits `using` it. */
export class Running implements AsyncDisposable {
  readonly runner: AgentRunner;
  readonly errors: TrunklineError[] = [];
  readonly finished: Promise<void>;

  private constructor(runner: AgentRunner) {
    this.runner = runner;
    runner.on("error", (error) => void this.errors.push(error));
    this.finished = runner.run();
  }

  /** Builds a runner, adds the agents and resolves once all are ready. */
  static async with(
    build: (runner: AgentRunner) => readonly BaseAgent[],
    options: AgentRunnerOptions = {},
  ): Promise<Running> {
    const runner = new AgentRunner({ handleSigint: false, ...options });
    for (const agent of build(runner)) await runner.addAgent(agent);
    const ready = new Promise<void>((resolve) => runner.on("ready", () => resolve()));
    const running = new Running(runner);
    await ready;
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner.cancel("test is over");
    await this.finished;
  }
}
