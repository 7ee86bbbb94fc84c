import {
  AgentRunner,
  BaseAgent,
  BusFrameMessage,
  type ProxyCounters,
  type TaskRequest,
  TextFrame,
  WebSocketProxyClientAgent,
} from "trunkline";
import { type AgentServer, serveAgents } from "trunkline/server";
import { until } from "../support/settled.ts";
import { type Load, processCensus } from "./load.ts";

/** Works for whoever is at the other end, and asks it for work. */
class End extends BaseAgent {
  frames = 0;
  override tasks = {
    double: (task: TaskRequest<number>) => task.payload * 2,
    stream: async (task: TaskRequest<number>) => {
      await task.update("soon");
      for (const word of ["one", "two"]) await task.stream({ word });
    },
    fail: () => {
      throw new Error("made to fail");
    },
    hang: (task: TaskRequest<number>) =>
      new Promise((_resolve, reject) => task.signal.addEventListener("abort", () => reject(task.signal.reason))),
  };

  override async onBusMessage(message: Parameters<BaseAgent["onBusMessage"]>[0]): Promise<void> {
    await super.onBusMessage(message);
    if (message instanceof BusFrameMessage && message.source !== this.name) this.frames += 1;
  }
}

type Kind = (from: End, to: End) => PromiseLike<unknown>;

const fails = (work: PromiseLike<unknown>) =>
  work.then(
    () => Promise.reject(new Error("it should have failed")),
    () => undefined,
  );

/** What may cross, or fail to. */
const kinds: readonly Kind[] = [
  (from, to) => from.task(to.name, { name: "double", payload: 1 }),
  async (from, to) => {
    for await (const _ of from.task(to.name, { name: "stream" }));
  },
  (from, to) => from.task(to.name, { name: "stream" }),
  (from, to) => fails(from.task(to.name, { name: "fail" })),
  (from, to) => fails(from.task(to.name, { name: "hang", timeoutMs: 2 })),
  (from, to) => {
    const run = from.task(to.name, { name: "hang" });
    setImmediate(() => run.cancel());
    return fails(run);
  },
  async (from, to) => {
    const before = to.frames;
    const frame = new TextFrame({ text: "a frame" });
    await from.sendMessage(new BusFrameMessage({ source: from.name, frame, direction: "downstream" }));
    await until(() => to.frames > before, "the frame having arrived");
  },
  (from, to) => fails(from.task(to.name, { name: "double", payload: () => "unsendable" })),
  (from, to) => fails(from.task(to.name, { name: "double", payload: "too large ".repeat(20_000) })),
];

/** One session that stays, and what is said in it from both ends. */
export class RemoteTraffic implements Load {
  readonly beside = 9;
  readonly errors: unknown[] = [];
  readonly #client = new AgentRunner({ handleSigint: false });
  readonly #acme = new End("acme", { bus: this.#client.bus });
  #assistant: End | undefined;
  #proxies: readonly { readonly counters: ProxyCounters | undefined }[] = [];
  #server: AgentServer | undefined;
  #finished: Promise<void> | undefined;

  async begin(): Promise<void> {
    const forwardMessages = [BusFrameMessage];
    const link = { maxFrameBytes: 100_000 };
    this.#server = await serveAgents({ link }, async (session) => {
      const { runner } = session;
      const gateway = session.proxy({ agentName: "assistant", remoteAgentName: "acme", forwardMessages });
      this.#proxies = [gateway, proxy];
      await runner.addAgent(gateway);
      this.#assistant = new End("assistant", { bus: runner.bus });
      await runner.addAgent(this.#assistant);
    });
    const { bus, registry } = this.#client;
    const names = { localAgentName: "acme", remoteAgentName: "assistant" };
    const proxy = new WebSocketProxyClientAgent("proxy", {
      bus,
      url: this.#server.url,
      forwardMessages,
      link,
      ...names,
    });
    this.#client.on("error", (error) => void this.errors.push(error));
    this.#server.on("error", ({ error }) => void this.errors.push(error));
    for (const agent of [this.#acme, proxy]) await this.#client.addAgent(agent);
    this.#finished = this.#client.run();
    await until(() => this.#acme.ready && proxy.ready, "the client being ready");
    await this.#acme.activateAgent("proxy");
    await until(() => registry.has("assistant") && this.#assistant?.registry.has("acme") === true, "both being known");
  }

  async one(index: number): Promise<void> {
    const kind = kinds[index % kinds.length];
    const ends = [this.#acme, this.#assistant as End] as const;
    const [from, to] = Math.floor(index / kinds.length) % 2 === 0 ? ends : ([ends[1], ends[0]] as const);
    try {
      await kind?.(from, to);
    } catch (error) {
      this.errors.push(`kind ${index % kinds.length}: ${error}`);
    }
  }

  /** What is not acknowledged is kept, and that comes a moment later. */
  async rest(): Promise<void> {
    const isDone = () => this.#proxies.every(({ counters }) => counters?.link.unacknowledged === 0);
    await until(isDone, "everything being acknowledged");
  }

  census(): Record<string, unknown> {
    const ends = [this.#acme, this.#assistant as End];
    return {
      listeners: processCensus().listeners,
      sessions: this.#server?.sessionCount,
      ends: ends.map((end) => ({
        bus: end.bus.subscriptions.map(({ name, urgent, ordinary }) => [name, urgent, ordinary]),
        registered: [...end.registry.localAgents, ...end.registry.remoteAgents],
        watched: end.registry.watchedAgents,
        asked: [...end.taskGroups.keys()],
        open: [...end.activeTasks.keys()],
      })),
    };
  }

  alive(): Record<string, number> {
    return {};
  }

  async end(): Promise<void> {
    await this.#client.end();
    await this.#finished;
    await this.#server?.close();
  }
}
