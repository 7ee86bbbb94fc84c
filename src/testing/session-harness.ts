import type { BaseAgent } from "../agents/index.ts";
import type { AgentBus } from "../bus/index.ts";
import type { TrunklineError } from "../errors.ts";
import { AgentRunner, type AgentRunnerOptions } from "../runner/index.ts";
import { deferred, within } from "../util/index.ts";
import type { WaitOptions } from "./arrivals.ts";
import { endingOnce } from "./ending.ts";
import { ErrorLedger, type ExpectedError } from "./error-ledger.ts";
import { RecordingSubscriber } from "./recording-subscriber.ts";
import { testFailure } from "./test-failure.ts";
import { TimerWatch } from "./timer-watch.ts";

/** What a harness runs, and what it looks at. */
export interface HarnessOptions<Agents extends readonly BaseAgent[]> {
  /** Builds the agents on the bus they are given. */
  readonly agents: (bus: AgentBus) => Agents | Promise<Agents>;
  /** Default: a bus of its own. */
  readonly bus?: AgentBus | undefined;
  /** The runner's name. Default: one of its own. */
  readonly name?: string | undefined;
  /** How long the agents may take to become ready, in milliseconds. Default 2,000. */
  readonly readyWithinMs?: number | undefined;
  /** How long they may take to end, in milliseconds. Default 2,000. */
  readonly endWithinMs?: number | undefined;
  /**
   * Whether timers that were started meanwhile and still run fail the test. To see them, it stands in for `setTimeout`
   * and its like until its end: say false where tests run side by side in one process, or with a fake clock. Default
   * true.
   */
  readonly checkTimers?: boolean | undefined;
}

const defaultTimeoutMs = 2_000;

/**
 * Runs agents for one test, and fails it for what they leave behind.
 * @throws TrunklineError `TL_TEST_FAILED` when they are not ready in time; otherwise what building or adding them throws
 */
export async function harness<const Agents extends readonly BaseAgent[]>(
  options: HarnessOptions<Agents>,
): Promise<SessionHarness<Agents>> {
  return SessionHarness.start(options);
}

/**
 * A runner with agents that are ready. Its end, with the scope that awaits `using` it or with {@link end}, fails the
 * test when
 *
 * 1. an error was reported that it did not expect, or one that it expected was not;
 * 2. an agent did not end in time;
 * 3. somebody still subscribes to the bus, or watches for an agent in the registry, who did not before;
 * 4. a timer still runs that was started meanwhile.
 */
export class SessionHarness<Agents extends readonly BaseAgent[] = readonly BaseAgent[]> implements AsyncDisposable {
  readonly runner: AgentRunner;
  /** Everything that is said on the bus. */
  readonly recording: RecordingSubscriber;
  /** The agents, as they were built. */
  readonly agents: Agents;
  /** Settles when the runner has ended, for whatever reason. */
  readonly finished: Promise<void>;
  readonly #setup: Setup;
  readonly #endWithinMs: number;
  readonly #ending = endingOnce(() => this.#endOnce());

  private constructor(setup: Setup, agents: Agents, endWithinMs: number) {
    this.#setup = setup;
    this.#endWithinMs = endWithinMs;
    this.runner = setup.runner;
    this.recording = setup.recording;
    this.finished = setup.runner.run();
    this.agents = agents;
  }

  /** For {@link harness}. */
  static async start<const Agents extends readonly BaseAgent[]>(
    options: HarnessOptions<Agents>,
  ): Promise<SessionHarness<Agents>> {
    const { readyWithinMs = defaultTimeoutMs, endWithinMs = defaultTimeoutMs } = options;
    const setup = await prepare(options, endWithinMs);
    const { runner } = setup;
    try {
      const agents = await options.agents(runner.bus);
      for (const agent of agents) await runner.addAgent(agent);
      const ready = deferred();
      runner.on("ready", () => ready.resolve());
      const started = new SessionHarness(setup, agents, endWithinMs);
      if ((await within(Promise.race([ready.promise, started.finished]), readyWithinMs)) === "done") return started;
      const late = agents.filter((agent) => agent.state !== "ready").map(({ name }) => `"${name}"`);
      throw testFailure(`After ${readyWithinMs} ms these agents were not ready: ${late.join(", ")}.`);
    } catch (error) {
      await runner.cancel("the harness did not start");
      await Promise.allSettled([runner.run()]);
      await setup.recording.end();
      await setup.timers?.end();
      throw error;
    }
  }

  get bus(): AgentBus {
    return this.runner.bus;
  }

  /** The errors that were reported so far, expected or not. */
  get errors(): readonly TrunklineError[] {
    return this.#setup.errors.all;
  }

  /** From now on errors like this one are expected; at least one must have come by the end. */
  expectError(expected: ExpectedError): void {
    this.#setup.errors.expect(expected);
  }

  /**
   * Expects an error and waits for it; at once if it was reported already.
   * @throws TrunklineError `TL_TEST_FAILED` when none was reported in time
   */
  waitForError(expected: ExpectedError, options?: WaitOptions): Promise<TrunklineError> {
    return this.#setup.errors.waitFor(expected, options);
  }

  /**
   * Ends the runner gracefully and looks at what is left. The same promise every time.
   * @throws TrunklineError `TL_TEST_FAILED` with everything that is wrong
   */
  end(): Promise<void> {
    return this.#ending.end();
  }

  /** As {@link end}; nothing is thrown twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ending[Symbol.asyncDispose]();
  }

  async #endOnce(): Promise<void> {
    const { runner, recording, errors } = this.#setup;
    await runner.end("the test is over");
    // The runner has a deadline of its own; this one is for a runner that does not keep it.
    const [outcome] = await Promise.allSettled([within(this.finished, this.#endWithinMs + runnerGraceMs)]);
    await recording.end();
    const problems = [...errors.problems, ...(await leftBehind(this.#setup))];
    if (outcome.status === "rejected") problems.unshift(`The runner failed: ${outcome.reason}`);
    else if (outcome.value === "late") problems.unshift(`The runner "${runner.name}" did not end.`);
    if (problems.length === 0) return;
    const causes = errors.unexpected;
    throw testFailure(problems.join("\n"), causes.length > 1 ? new AggregateError(causes) : causes[0]);
  }
}

const runnerGraceMs = 5_000;

/** A runner before its agents are added, and what there was without them. */
interface Setup {
  readonly runner: AgentRunner;
  readonly recording: RecordingSubscriber;
  readonly errors: ErrorLedger;
  readonly subscribersBefore: ReadonlySet<string>;
  readonly timers: TimerWatch | undefined;
}

async function prepare(
  { bus, name, checkTimers = true }: HarnessOptions<readonly BaseAgent[]>,
  endWithinMs: number,
): Promise<Setup> {
  const options: AgentRunnerOptions = { bus, name, handleSigint: false, shutdownTimeoutMs: endWithinMs };
  const runner = new AgentRunner(options);
  const subscribersBefore = new Set(runner.bus.subscriptions.map((subscription) => subscription.name));
  const errors = new ErrorLedger();
  runner.on("error", (error) => errors.add(error));
  const recording = await RecordingSubscriber.on(runner.bus, `${runner.name}/recording`);
  return { runner, recording, errors, subscribersBefore, timers: checkTimers ? new TimerWatch() : undefined };
}

/** A sentence for each kind of thing that is there and was not before. */
async function leftBehind({ runner, subscribersBefore, timers }: Setup): Promise<readonly string[]> {
  const { bus, registry } = runner;
  const subscribers = bus.subscriptions.map(({ name }) => name).filter((name) => !subscribersBefore.has(name));
  const left = (await timers?.end()) ?? [];
  return [
    ...told("These still subscribe to the bus", subscribers),
    ...told("These agents are still registered", registry.localAgents),
    ...told("Somebody still watches for these agents", registry.watchedAgents),
    ...left.map((where) => `A timer still runs that was started at ${where}.`),
  ];
}

function told(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what}: ${names.map((name) => `"${name}"`).join(", ")}.`];
}
