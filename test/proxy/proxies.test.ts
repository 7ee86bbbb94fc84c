import {
  AgentRunner,
  BaseAgent,
  type BaseAgentOptions,
  BusDataMessage,
  BusFrameMessage,
  type BusMessage,
  type DisconnectedData,
  LocalBus,
  TextFrame,
  type TrunklineError,
  WebSocketProxyClientAgent,
  type WebSocketProxyClientAgentOptions,
} from "trunkline";
import { type AgentServer, type AgentSession, type ServeAgentsOptions, serveAgents } from "trunkline/server";
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { Recording } from "../support/recording.ts";
import { until } from "../support/settled.ts";

class Assistant extends BaseAgent {
  readonly aborted: string[] = [];
  override tasks = {
    double: async (task: { payload: { n: number } }) => ({ doubled: task.payload.n * 2 }),
    unsendable: () => ({ when: new Date() }),
    forever: (task: { signal: AbortSignal; taskId: string }) =>
      new Promise((resolve) => {
        task.signal.addEventListener("abort", () => {
          this.aborted.push(task.taskId);
          resolve(undefined);
        });
      }),
    stream: async (task: { stream(data: unknown): Promise<void> }) => {
      for (const word of ["a", "b"]) await task.stream({ word });
      return { words: 2 };
    },
  };
}

interface World extends AsyncDisposable {
  readonly server: AgentServer;
  readonly sessions: { session: AgentSession; assistant: Assistant; recording: Recording }[];
  readonly serverErrors: TrunklineError[];
}

async function world(options: Partial<ServeAgentsOptions> = {}): Promise<World> {
  const sessions: World["sessions"] = [];
  const serverErrors: TrunklineError[] = [];
  const server = await serveAgents({ port: 0, ...options }, async (session) => {
    const proxy = session.proxy({
      agentName: "assistant",
      remoteAgentName: "acme",
      forwardMessages: [BusFrameMessage],
    });
    await session.runner.addAgent(proxy);
    const assistant = new Assistant("assistant", { bus: session.runner.bus, bridged: true, active: true });
    const recording = await Recording.of(session.runner.bus, "recording");
    await session.runner.addAgent(assistant);
    sessions.push({ session, assistant, recording });
  });
  server.on("error", ({ error }) => void serverErrors.push(error));
  return { server, sessions, serverErrors, [Symbol.asyncDispose]: () => server.close({ graceMs: 1_000 }) };
}

class Main implements AsyncDisposable {
  readonly runner = new AgentRunner({ handleSigint: false });
  readonly acme: BaseAgent;
  readonly proxy: WebSocketProxyClientAgent;
  readonly errors: TrunklineError[] = [];
  readonly events: [string, unknown?][] = [];
  readonly run: Promise<void>;

  private constructor(
    url: string,
    options: Partial<WebSocketProxyClientAgentOptions>,
    acme: Partial<BaseAgentOptions>,
  ) {
    const { bus } = this.runner;
    this.acme = new BaseAgent("acme", { ...acme, bus });
    this.proxy = new WebSocketProxyClientAgent("proxy", {
      bus,
      url,
      localAgentName: "acme",
      remoteAgentName: "assistant",
      forwardMessages: [BusFrameMessage],
      ...options,
    });
    this.runner.on("error", (error) => void this.errors.push(error));
    this.proxy.on("connected", () => void this.events.push(["connected"]));
    this.proxy.on("disconnected", (data) => void this.events.push(["disconnected", data]));
    this.proxy.on("rejected", ({ direction, cause }) => void this.events.push(["rejected", `${direction} ${cause}`]));
    this.proxy.on("connectFailed", ({ error }) => void this.events.push(["connectFailed", error.message]));
    this.run = this.#start();
  }

  static async of(
    url: string,
    options: Partial<WebSocketProxyClientAgentOptions> = {},
    acme: Partial<BaseAgentOptions> = {},
  ): Promise<Main> {
    const main = new Main(url, options, acme);
    await until(() => main.acme.ready && main.proxy.ready);
    return main;
  }

  async connect(): Promise<void> {
    await this.acme.activateAgent("proxy");
    await until(() => this.runner.registry.has("assistant"), "the assistant being known");
  }

  get disconnected(): DisconnectedData[] {
    return this.events.filter(([name]) => name === "disconnected").map(([, data]) => data as DisconnectedData);
  }

  async #start(): Promise<void> {
    await this.runner.addAgent(this.acme);
    await this.runner.addAgent(this.proxy);
    await this.runner.run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner.cancel("test over");
    await this.run;
  }
}

class Gossip extends BusDataMessage {}
const frame = (source: string, text: string) =>
  new BusFrameMessage({ source, frame: new TextFrame({ text }), direction: "downstream" });
const frameTexts = (recording: Recording) =>
  recording.all(BusFrameMessage).map(({ source, frame: sent }) => `${source}: ${(sent as TextFrame).text}`);

describe("two buses joined by proxies", () => {
  it("carries frames both ways, and nothing that was not opted in", async () => {
    await using w = await world();
    await using main = await Main.of(w.server.url);
    await main.connect();
    const recording = await Recording.of(main.runner.bus);
    await main.runner.bus.send(new Gossip({ source: "acme" }));
    await main.runner.bus.send(frame("stranger", "not mine"));
    await main.runner.bus.send(frame("acme", "hello"));
    await until(() => recording.all(BusFrameMessage).some(({ source }) => source === "assistant"));
    const there = w.sessions[0]?.recording;
    expect(there && frameTexts(there)).toEqual(["acme: hello", "assistant: hello"]);
    expect(there?.all(Gossip)).toEqual([]);
    expect(main.errors).toEqual([]);
    expect(w.serverErrors).toEqual([]);
  });

  it("K16: both sides learn of the other's agent, and watchAgent works on both", async () => {
    await using w = await world();
    await using main = await Main.of(w.server.url);
    const seen: string[] = [];
    await main.acme.watchAgent("assistant", ({ agentName }) => void seen.push(agentName));
    await main.connect();
    await until(() => w.sessions[0]?.session.runner.registry.has("acme") === true);
    await w.sessions[0]?.assistant.watchAgent("acme", ({ agentName }) => void seen.push(agentName));
    await until(() => seen.length === 2);
    expect(seen).toEqual(["assistant", "acme"]);
  });

  it("K15: tasks cross with their updates, streams and answers, whoever on the client's bus asks", async () => {
    await using w = await world();
    await using main = await Main.of(w.server.url);
    await main.connect();
    const other = new BaseAgent("other", { bus: main.runner.bus });
    await main.runner.addAgent(other);
    expect(await main.acme.task("assistant", { name: "double", payload: { n: 4 } })).toEqual({ doubled: 8 });
    expect(await other.task("assistant", { name: "double", payload: { n: 5 } })).toEqual({ doubled: 10 });
    const run = main.acme.task("assistant", { name: "stream" });
    const types: string[] = [];
    for await (const event of run) types.push(event.type);
    expect(types).toEqual(["streamStart", "streamData", "streamData", "streamEnd"]);
    expect(await run).toEqual({ words: 2 });
  });

  it("K19: an answer that cannot be sent fails its task with the reason, and the link lives", async () => {
    await using w = await world();
    await using main = await Main.of(w.server.url);
    await main.connect();
    await expect(main.acme.task("assistant", { name: "unsendable" })).rejects.toMatchObject({ status: "error" });
    await expect(main.acme.task("assistant", { name: "double", payload: { n: () => 1 } })).rejects.toMatchObject({
      status: "error",
    });
    expect(await main.acme.task("assistant", { name: "double", payload: { n: 1 } })).toEqual({ doubled: 2 });
  });

  it("K22: a message that is too large fails alone", async () => {
    await using w = await world();
    await using main = await Main.of(w.server.url);
    await main.connect();
    const payload = { n: 1, padding: "x".repeat(1_100_000) };
    await expect(main.acme.task("assistant", { name: "double", payload })).rejects.toMatchObject({ status: "error" });
    expect(await main.acme.task("assistant", { name: "double", payload: { n: 1 } })).toEqual({ doubled: 2 });
    expect(main.events).toContainEqual(["rejected", "outbound size"]);
  });

  it("K14: what is sent before the connection arrives after it, in order", async () => {
    await using w = await world();
    await using main = await Main.of(w.server.url);
    for (const word of ["1", "2", "3"]) await main.runner.bus.send(frame("acme", word));
    await main.connect();
    await until(() => (w.sessions[0]?.recording.all(BusFrameMessage).length ?? 0) >= 3);
    expect(w.sessions[0] && frameTexts(w.sessions[0].recording).filter((text) => text.startsWith("acme"))).toEqual([
      "acme: 1",
      "acme: 2",
      "acme: 3",
    ]);
  });

  it("K10, K11: a clean close from either side is reported exactly once on both", async () => {
    for (const closer of ["client", "server"] as const) {
      await using w = await world();
      await using main = await Main.of(w.server.url);
      await main.connect();
      const gone: unknown[] = [];
      w.sessions[0]?.session.signal.addEventListener("abort", () => gone.push(1));
      if (closer === "client") await main.acme.deactivateAgent("proxy");
      else await w.sessions[0]?.assistant.end({ reason: "done" });
      await until(() => main.disconnected.length === 1 && gone.length === 1);
      await until(() => w.server.sessionCount === 0);
      expect(main.disconnected).toMatchObject([{ code: 1000, clean: true }]);
      expect(main.errors).toEqual([]);
    }
  });

  it("K21: when a session is lost, tasks on both sides fail at once and the remote agent is gone", async () => {
    await using w = await world({ link: { windowMs: 0 } });
    await using main = await Main.of(w.server.url);
    let socket: WebSocket | undefined;
    main.proxy.on("connected", (websocket) => {
      socket = websocket as WebSocket;
    });
    await main.connect();
    const gone: string[] = [];
    main.acme.on("agentGone", ({ agentName, reason }) => void gone.push(`${agentName}: ${reason}`));
    await main.acme.watchAgent("assistant");
    const run = main.acme.task("assistant", { name: "forever" });
    await until(() => w.sessions[0]?.assistant.activeTasks.size === 1);
    socket?.terminate();
    await expect(run).rejects.toMatchObject({ name: "TaskError", reason: "link lost" });
    await until(() => gone.length === 1 && w.sessions[0]?.assistant.aborted.length === 1 && !main.proxy.active);
    expect(gone).toEqual(["assistant: link lost"]);
    expect(main.disconnected).toMatchObject([{ code: 1006, clean: false }]);
  });

  it("K12, K13: a failed connect is told and retried; activating twice is one connection; it can connect again", async () => {
    await using closed = await world();
    const { url } = closed.server;
    await closed.server.close();
    await using main = await Main.of(url, { link: { random: () => 0 } });
    await main.acme.activateAgent("proxy");
    await until(() => main.events.length >= 2);
    expect(main.events[0]).toEqual(["connectFailed", expect.stringContaining("nothing listens there")]);
    const port = Number(new URL(url).port);
    await using w = await world({ port });
    await until(() => main.runner.registry.has("assistant"));
    await main.acme.activateAgent("proxy");
    await main.acme.task("assistant", { name: "double", payload: { n: 1 } });
    expect(w.server.sessionCount).toBe(1);
    await main.acme.deactivateAgent("proxy");
    await until(() => w.server.sessionCount === 0);
    await main.connect();
    expect(await main.acme.task("assistant", { name: "double", payload: { n: 3 } })).toEqual({ doubled: 6 });
    expect(main.disconnected).toHaveLength(1);
  });

  it("connects again when a disconnected handler activates it again", async () => {
    await using w = await world({ link: { windowMs: 0 } });
    await using main = await Main.of(w.server.url);
    let socket: WebSocket | undefined;
    main.proxy.on("connected", (websocket) => {
      socket = websocket as WebSocket;
    });
    main.proxy.on("disconnected", () => main.acme.activateAgent("proxy"));
    await main.connect();
    socket?.terminate();
    await until(() => main.disconnected.length === 1 && w.sessions.length === 2);
    await until(() => main.runner.registry.has("assistant"));
    expect(await main.acme.task("assistant", { name: "double", payload: { n: 2 } })).toEqual({ doubled: 4 });
  });

  it("K20: equal names on both sides are refused when the proxy is built", () => {
    const build = () =>
      new WebSocketProxyClientAgent("proxy", {
        bus: new LocalBus(),
        url: "ws://127.0.0.1:1/ws",
        localAgentName: "same",
        remoteAgentName: "same",
      });
    expect(build).toThrow(expect.objectContaining({ code: "TL_INVALID_OPTION" }));
  });

  it("K36: the last words of an agent that ends cross before the connection is closed", async () => {
    await using w = await world();
    await using main = await Main.of(w.server.url);
    await main.connect();
    const recording = await Recording.of(main.runner.bus);
    const assistant = w.sessions[0]?.assistant as Assistant;
    for (let index = 0; index < 300; index++) void assistant.queueFrame(new TextFrame({ text: String(index) }));
    await assistant.end({ reason: "bye" });
    await until(() => main.disconnected.length === 1);
    const words = recording
      .all(BusFrameMessage)
      .map((message: BusMessage) => ((message as BusFrameMessage).frame as TextFrame).text);
    expect(words).toEqual(Array.from({ length: 300 }, (_, index) => String(index)));
    expect(main.disconnected).toMatchObject([{ code: 1000, clean: true }]);
  });

  it("gives each connection a session of its own: nothing of one reaches another", async () => {
    await using w = await world();
    await using one = await Main.of(w.server.url);
    await using two = await Main.of(w.server.url);
    await one.connect();
    await two.connect();
    const recording = await Recording.of(two.runner.bus);
    await one.runner.bus.send(frame("acme", "private"));
    await until(() => (w.sessions[0]?.recording.all(BusFrameMessage).length ?? 0) === 2);
    expect(await two.acme.task("assistant", { name: "double", payload: { n: 1 } })).toEqual({ doubled: 2 });
    expect(recording.all(BusFrameMessage)).toEqual([]);
    expect(w.sessions[1]?.recording.all(BusFrameMessage)).toEqual([]);
  });
});
