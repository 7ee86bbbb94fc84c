import { getEventListeners } from "node:events";
import { AgentRunner, BaseAgent, BusTaskCancelMessage, sequential, type TaskRequest } from "trunkline";
import { type Load, processCensus } from "./load.ts";
import { Traces } from "./traces.ts";

class Worker extends BaseAgent {
  override tasks = {
    double: (task: TaskRequest<number>) => task.payload * 2,
    inTurn: sequential((task: TaskRequest<number>) => task.payload * 2),
    updates: async (task: TaskRequest<number>) => {
      task.on("updateRequested", () => task.update("asked"));
      for (let done = 0; done < 3; done += 1) await task.update({ done }, { urgent: done === 1 });
      return task.payload * 2;
    },
    stream: async (task: TaskRequest<number>) => {
      for (const word of ["one", "two", "three"]) await task.stream({ word });
      return task.payload * 2;
    },
    fail: () => {
      throw new Error("made to fail");
    },
    hang: (task: TaskRequest<number>) =>
      new Promise((_resolve, reject) => {
        task.signal.addEventListener("abort", () => reject(task.signal.reason));
      }),
  };
}

type Kind = (load: Tasks, index: number) => PromiseLike<unknown>;

const names = ["worker 1", "worker 2"];
const rejected = (promise: PromiseLike<unknown>) =>
  promise.then(
    () => Promise.reject(new Error("it should have failed")),
    () => undefined,
  );

/** What can become of a task. */
const kinds: Readonly<Record<string, Kind>> = {
  "one that is answered": ({ asker }, payload) => asker.task("worker 1", { name: "double", payload }),
  "one of a handler that takes one at a time": ({ asker }, payload) =>
    asker.task("worker 1", { name: "inTurn", payload }),
  "a group": ({ asker }, payload) => asker.taskGroup(names, { name: "double", payload, timeoutMs: 60_000 }),
  "updates that are read, and one that is asked for": async ({ asker }, payload) => {
    const run = asker.task("worker 1", { name: "updates", payload });
    await run.requestUpdate();
    for await (const _ of run);
    await run;
  },
  "updates that nobody reads": ({ asker }, payload) => asker.taskGroup(names, { name: "updates", payload }),
  "a stream that is read": async ({ asker }, payload) => {
    for await (const _ of asker.taskGroup(names, { name: "stream", payload }));
  },
  "a stream that is left in the middle": async ({ asker }, payload) => {
    await using run = asker.task("worker 1", { name: "stream", payload });
    for await (const _ of run) break;
  },
  "a timeout": ({ asker }) => rejected(asker.task("worker 1", { name: "hang", timeoutMs: 1 })),
  "a timeout of a group": ({ asker }) => rejected(asker.taskGroup(names, { name: "hang", timeoutMs: 1 })),
  "a wait for somebody who never comes": ({ asker }) => rejected(asker.task("nobody", { timeoutMs: 1 })),
  "a cancel": ({ asker }) => {
    const run = asker.task("worker 1", { name: "hang", timeoutMs: 60_000 });
    setImmediate(() => run.cancel());
    return rejected(run);
  },
  "a cancel before anything was sent": ({ asker }) => {
    const run = asker.taskGroup(names, { name: "hang" });
    run.cancel();
    return rejected(run);
  },
  "a cancel by another agent": ({ asker }) => {
    const run = asker.taskGroup(names, { name: "hang" });
    const { id: taskId } = run;
    setImmediate(() => void asker.sendMessage(new BusTaskCancelMessage({ source: "other", target: "asker", taskId })));
    return rejected(run);
  },
  "a signal that lives longer": async ({ asker, signal }, payload) => {
    await asker.task("worker 1", { name: "double", payload, signal });
    await asker.taskGroup(names, { name: "double", payload, signal });
  },
  "a signal that fires": ({ asker }) => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    return rejected(asker.task("worker 1", { name: "hang", signal: controller.signal }));
  },
  "a worker that fails": ({ asker }) => rejected(asker.task("worker 1", { name: "fail" })),
  "a group of which one fails": ({ asker }) => rejected(asker.taskGroup([...names, "failing"], { name: "double" })),
  "a task that nobody has a handler for": ({ asker }) => rejected(asker.task("worker 1", { name: "unheard of" })),
  "a worker that goes in the middle": async ({ asker, runner }, index) => {
    const name = `leaving ${index}`;
    const leaving = new Worker(name, { bus: runner.bus });
    await runner.addAgent(leaving);
    const unwatch = await asker.watchAgent(name, () => {});
    const run = asker.task(name, { name: "hang" });
    for await (const _ of asker.task(name, { name: "updates" }));
    await leaving.stop("gone");
    await rejected(run);
    unwatch();
  },
};

/** Tasks of all kinds between agents that stay. */
export class Tasks implements Load {
  readonly beside = 20;
  readonly errors: unknown[] = [];
  readonly runner = new AgentRunner({ handleSigint: false });
  readonly asker = new BaseAgent("asker", { bus: this.runner.bus });
  readonly #outlives = new AbortController();
  readonly #agents = [
    ...names.map((name) => new Worker(name, { bus: this.runner.bus })),
    Object.assign(new BaseAgent("failing", { bus: this.runner.bus }), {
      tasks: { double: () => Promise.reject(new Error("made to fail")) },
    }),
  ];
  readonly #traces = new Traces();
  #finished: Promise<void> | undefined;

  get signal(): AbortSignal {
    return this.#outlives.signal;
  }

  async begin(): Promise<void> {
    this.runner.on("error", (error) => void this.errors.push(error));
    for (const agent of [this.asker, ...this.#agents]) await this.runner.addAgent(agent);
    const ready = new Promise<void>((resolve) => this.runner.on("ready", () => resolve()));
    this.#finished = this.runner.run();
    await ready;
  }

  async one(index: number): Promise<void> {
    const [what, kind] = Object.entries(kinds)[index % Object.keys(kinds).length] as [string, Kind];
    // A run that somebody keeps would keep its events; nothing here does.
    const work = Promise.resolve(kind(this, index));
    this.#traces.see("outcome of a task", work);
    await work.catch((error: unknown) => this.errors.push(`${what}: ${error}`));
  }

  census(): Record<string, unknown> {
    return {
      ...processCensus(),
      bus: this.runner.bus.subscriptions,
      registered: this.runner.registry.localAgents,
      watched: this.runner.registry.watchedAgents,
      asked: [...this.asker.taskGroups.keys()],
      open: this.#agents.map(({ activeTasks }) => [...activeTasks.keys()]),
      children: this.runner.agents.length,
      abortListeners: getEventListeners(this.signal, "abort").length,
    };
  }

  alive(): Record<string, number> {
    return this.#traces.alive(2);
  }

  async end(): Promise<void> {
    await this.runner.end();
    await this.#finished;
  }
}
