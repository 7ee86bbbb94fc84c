import fc from "fast-check";
import {
  AgentRunner,
  BaseAgent,
  BusCancelAgentMessage,
  BusEndAgentMessage,
  Pipeline,
  type TaskRequest,
  type TaskRun,
  TrunklineError,
} from "trunkline";
import { expect, it } from "vitest";
import { until } from "../support/settled.ts";

const names = ["a", "b", "c", "d"] as const;
type Name = (typeof names)[number];

class Member extends BaseAgent {
  override tasks = {
    echo: (task: TaskRequest) => task.payload,
    fail: () => {
      throw new Error("as asked");
    },
    // Until it is called off.
    wait: (task: TaskRequest) =>
      new Promise((_resolve, reject) => task.signal.addEventListener("abort", () => reject(task.signal.reason))),
  };
  override async buildPipeline() {
    await new Promise((resolve) => setImmediate(resolve));
    return this.name === "a" ? undefined : new Pipeline([]);
  }
}

type Step =
  | { readonly kind: "run" | "endAll" | "cancelAll" }
  | { readonly kind: "add" | "end" | "cancel" | "stop"; readonly name: Name }
  | {
      readonly kind: "adopt" | "activate" | "deactivate" | "handoff" | "echo" | "fail" | "wait";
      readonly name: Name;
      readonly other: Name;
    }
  | { readonly kind: "cancelTask"; readonly which: number };

const name = fc.constantFrom(...names);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("end" as const, "cancel", "stop"), name }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom("adopt" as const, "activate", "deactivate", "handoff", "echo", "fail", "wait"),
      name,
      other: name,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancelTask" as const), which: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("run" as const, "endAll", "cancelAll") }) },
);

/** What may go wrong when somebody comes too late, or has not come yet. */
const expected = ["TL_AGENT_ADDED_TWICE", "TL_AGENT_NOT_ADDED", "TL_AGENT_UNKNOWN", "TL_BUS_STOPPED"];

class Stage {
  readonly runner = new AgentRunner({ handleSigint: false, shutdownTimeoutMs: 3_000 });
  readonly built: Member[] = [];
  readonly tasks: { readonly run: TaskRun; settled: boolean }[] = [];
  readonly faults: unknown[] = [];
  readonly #pending: Promise<unknown>[] = [];

  constructor() {
    this.runner.on("error", (error) => this.#note(error));
  }

  play(step: Step): void {
    const work = this.#begin(step)?.catch((error: unknown) => this.#note(error));
    if (work !== undefined) this.#pending.push(work);
  }

  /** Ends everything, and resolves when nothing that was begun is still open. */
  async close(): Promise<void> {
    this.play({ kind: "run" });
    await this.runner.end("over");
    await this.runner.run();
    await Promise.all(this.#pending);
    await until(() => this.tasks.every(({ settled }) => settled), "the end of every task");
  }

  #build(name: Name): Member {
    const agent = new Member(name, { bus: this.runner.bus });
    this.built.push(agent);
    return agent;
  }

  #ask(agent: BaseAgent, other: Name, kind: string): void {
    const entry = { run: agent.task(other, { name: kind, payload: other }), settled: false };
    this.tasks.push(entry);
    const settle = () => {
      entry.settled = true;
    };
    entry.run.then(settle, settle);
  }

  #begin(step: Step): Promise<unknown> | undefined {
    const { runner } = this;
    switch (step.kind) {
      case "run":
        return runner.run();
      case "endAll":
        return runner.end("all");
      case "cancelAll":
        return runner.cancel("all");
      case "cancelTask":
        this.tasks[step.which]?.run.cancel();
        return undefined;
      case "add":
        return runner.addAgent(this.#build(step.name));
      default: {
        const agent = runner.getAgent(step.name);
        return agent === undefined ? undefined : this.#beginOf(agent, step);
      }
    }
  }

  #beginOf(agent: BaseAgent, step: Extract<Step, { readonly name: Name }>): Promise<unknown> | undefined {
    const about = { source: "test", target: step.name, reason: step.kind };
    switch (step.kind) {
      case "end":
        return agent.bus.send(new BusEndAgentMessage(about));
      case "cancel":
        return agent.bus.send(new BusCancelAgentMessage(about));
      case "stop":
        return agent.stop("stop");
      case "adopt":
        return agent.addAgent(this.#build(step.other));
      case "activate":
        return agent.activateAgent(step.other);
      case "deactivate":
        return agent.deactivateAgent(step.other);
      case "handoff":
        return agent.handoffTo(step.other);
      case "echo":
      case "fail":
      case "wait":
        this.#ask(agent, step.other, step.kind);
        return undefined;
      default:
        return undefined;
    }
  }

  #note(error: unknown): void {
    if (!(error instanceof TrunklineError && expected.includes(error.code))) this.faults.push(error);
  }
}

it("whatever is added, handed over, asked, cancelled and ended in whatever order, everything settles and nothing is left", async () => {
  let completed = 0;
  let ended = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.nat(2)), { minLength: 5, maxLength: 30 }),
      fc.nat(8),
      fc.scheduler(),
      async (steps, runsAt, scheduler) => {
        const stage = new Stage();
        const all: [Step, number][] = steps.toSpliced(runsAt, 0, [{ kind: "run" }, 0]);
        const played = all.map(async ([next, turnsBefore], index) => {
          // Those that are close to each other may change places.
          for (let turn = 0; turn < (index >> 2) + turnsBefore; turn++) {
            await new Promise((resolve) => setImmediate(resolve));
          }
          await scheduler.schedule(Promise.resolve(), next.kind);
          stage.play(next);
        });
        await scheduler.waitFor(Promise.all(played));
        await stage.close();
        const { runner, built, tasks, faults } = stage;
        expect(faults).toEqual([]);
        expect(runner.bus.subscriptions).toEqual([]);
        expect([runner.agents, runner.registry.localAgents, runner.registry.watchedAgents]).toEqual([[], [], []]);
        const left = built.filter((agent) => agent.added && agent.state !== "ended");
        expect(left.map((agent) => agent.name)).toEqual([]);
        const holding = built.filter(({ activeTasks, taskGroups }) => activeTasks.size + taskGroups.size > 0);
        expect(holding.map((agent) => agent.name)).toEqual([]);
        expect(built.flatMap(({ children }) => children.map((child) => child.name))).toEqual([]);
        ended += built.filter(({ state }) => state === "ended").length;
        const outcomes = await Promise.allSettled(tasks.map(async ({ run }) => run));
        completed += outcomes.filter(({ status }) => status === "fulfilled").length;
      },
    ),
    { numRuns: 500, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: false },
  );
  // It must get somewhere, or the above shows nothing.
  expect(ended).toBeGreaterThan(50);
  expect(completed).toBeGreaterThan(5);
});
