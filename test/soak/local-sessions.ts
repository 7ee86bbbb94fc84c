import { type AgentBus, AgentRunner, BaseAgent, BusFrameMessage, LocalBus, TextFrame } from "trunkline";
import { type Load, processCensus } from "./load.ts";
import { Traces } from "./traces.ts";

/** Doubles numbers, and tells when a frame comes. */
class Worker extends BaseAgent {
  override tasks = { double: (task: { readonly payload: number }) => task.payload * 2 };
}

/** Cannot be started. */
class Broken extends BaseAgent {
  override buildPipeline(): never {
    throw new Error("built to fail");
  }
}

/** Adds a child, which works for it. */
class Parent extends BaseAgent {
  override async onReady(): Promise<void> {
    await super.onReady();
    await this.addAgent(new Worker("child", { bus: this.bus }));
  }
}

interface Session {
  readonly runner: AgentRunner;
  readonly asker: BaseAgent;
  readonly worker: BaseAgent;
  readonly ready: Promise<void>;
}

type Way = (session: Session) => unknown;

/** The ways in which a session may end; each is begun once its exchange is over. */
const ways: Readonly<Record<string, Way>> = {
  "the runner ends": ({ runner }) => runner.end("done"),
  "the runner is cancelled": ({ runner }) => runner.cancel("enough"),
  "an agent ends it": ({ asker }) => asker.end({ reason: "done" }),
  "an agent cancels it": ({ worker }) => worker.cancel({ reason: "enough" }),
  "a cancel overtakes the end": ({ runner }) => [runner.end(), runner.cancel()],
  "while a task is open and another is still wanted": ({ asker, runner }) => {
    for (const name of ["worker", "nobody"]) asker.task(name, { name: "double", payload: 1, timeoutMs: 60_000 });
    return runner.cancel();
  },
  "with a child that works": async ({ runner, asker }) => {
    await runner.addAgent(new Parent("parent", { bus: runner.bus }));
    await asker.task("parent", { timeoutMs: 60_000 }).catch(() => undefined);
    await runner.end();
  },
  "with an agent that cannot start": async ({ runner }) => {
    await runner.addAgent(new Broken("broken", { bus: runner.bus }));
    await runner.end();
  },
  "with frames under way in a bridged agent's pipeline": async ({ runner, asker }) => {
    await runner.addAgent(new BaseAgent("bridged", { bus: runner.bus, bridged: true, active: true }));
    for (const text of ["one", "two"]) {
      const frame = new TextFrame({ text });
      await asker.sendMessage(new BusFrameMessage({ source: "asker", frame, direction: "downstream" }));
    }
    await runner.end();
  },
};

/** Sessions on a bus of their own, and every fourth on one that all share and that stays. */
export class LocalSessions implements Load {
  readonly beside = 1;
  readonly errors: unknown[] = [];
  readonly #shared: AgentBus = new LocalBus();
  readonly #traces = new Traces();

  async begin(): Promise<void> {}

  async one(index: number): Promise<void> {
    if (index % 10 === 9) return this.#neverRun();
    const [what, way] = Object.entries(ways)[index % Object.keys(ways).length] as [string, Way];
    const session = await this.#begin(index % 4 === 0 ? this.#shared : new LocalBus(), what);
    const { asker, runner, ready } = session;
    const finished = runner.run();
    await ready;
    const answer = await asker.task<number>("worker", { name: "double", payload: index });
    if (answer !== index * 2) throw new Error(`double(${index}) is ${answer}`);
    await way(session);
    await finished;
  }

  census(): Record<string, unknown> {
    return { ...processCensus(), shared: this.#shared.subscriptions };
  }

  alive(): Record<string, number> {
    // The engine may hold on to what it touched last.
    return this.#traces.alive(2);
  }

  async end(): Promise<void> {}

  /** Built, and ended before it ever ran. */
  async #neverRun(): Promise<void> {
    const { runner } = await this.#begin(new LocalBus(), "never run");
    await runner.end();
    await runner.run();
  }

  async #begin(bus: AgentBus, what: string): Promise<Session> {
    const runner = new AgentRunner({ bus });
    const asker = new BaseAgent("asker", { bus });
    const worker = new Worker("worker", { bus });
    this.#traces.see("runner", runner);
    this.#traces.see("agent", asker, worker);
    this.#traces.see("registry", runner.registry);
    if (bus !== this.#shared) this.#traces.see("bus", bus);
    runner.on("error", (error) => {
      if (!String(error).includes("built to fail")) this.errors.push(`${what}: ${error}`);
    });
    asker.on("ready", async () => void (await asker.watchAgent("worker")));
    const ready = new Promise<void>((resolve) => runner.on("ready", () => resolve()));
    await runner.addAgent(asker);
    await runner.addAgent(worker);
    return { runner, asker, worker, ready };
  }
}
