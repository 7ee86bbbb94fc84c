import {
  AgentRunner,
  BaseAgent,
  BusFrameMessage,
  type BusMessageClass,
  CancelFrame,
  EndFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  JSONMessageSerializer,
  type JSONMessageSerializerOptions,
  Pipeline,
  type RejectedData,
  StartFrame,
  type TaskRequest,
  type TrunklineError,
  WebSocketProxyClientAgent,
  type WireDialect,
} from "trunkline";
import { type AgentServer, type AgentSession, serveAgents } from "trunkline/server";
import type { WebSocket } from "ws";
import { Recording } from "../support/recording.ts";
import { until } from "../support/settled.ts";
import { dialects } from "./packages.ts";
import { type PeerOptions, PythonPeer } from "./python-peer.ts";

/** Who listens for the connection. */
export type Role = "ours serves" | "theirs serves";

/** A package of theirs, and who listens. Every scenario runs with each. */
export interface Setting {
  readonly dialect: WireDialect;
  readonly role: Role;
}

export const settings: readonly Setting[] = dialects.flatMap((dialect) =>
  (["ours serves", "theirs serves"] as const).map((role) => ({ dialect, role })),
);

export interface PairOptions extends Pick<PeerOptions, "bridges" | "inactive" | "forward"> {
  readonly serializer?: Omit<JSONMessageSerializerOptions, "dialect"> | undefined;
  /** Whether our agent is active from the start. Default true. */
  readonly active?: boolean | undefined;
  /** Whether our agent is bridged: its pipeline then records the frames that come in. Default true. */
  readonly bridged?: boolean | readonly string[] | undefined;
  readonly forwardMessages?: readonly BusMessageClass[] | undefined;
}

/** One frame as our agent's pipeline saw it. */
export interface SeenFrame {
  readonly frame: Frame;
  readonly direction: FrameDirection;
}

export const ourName = "ours";
export const theirName = "theirs";

/** Notes every frame, and passes on only what says so: what it passes on is sent back. */
class Recorder extends FrameProcessor {
  readonly seen: SeenFrame[];

  constructor(seen: SeenFrame[]) {
    super();
    this.seen = seen;
  }

  override process(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof StartFrame || frame instanceof EndFrame || frame instanceof CancelFrame) {
      return this.push(frame, direction);
    }
    this.seen.push({ frame, direction });
    return frame.metadata.pass === true ? this.push(frame, direction) : Promise.resolve();
  }
}

/** The same work as the peer's agent does, by the same names. */
export class OurAgent extends BaseAgent {
  readonly seen: SeenFrame[] = [];
  readonly activations: unknown[] = [];
  readonly cancelled: unknown[] = [];
  readonly waiting: TaskRequest[] = [];
  deactivations = 0;

  override tasks = {
    echo: (task: TaskRequest) => task.payload,
    show: (task: TaskRequest) => ({ seen: JSON.stringify(task.payload) }),
    progress: async (task: TaskRequest<{ updates: number }>) => {
      for (let number = 0; number < task.payload.updates; number++) await task.update({ number });
      return { done: true };
    },
    urgent: async (task: TaskRequest) => {
      await task.update({ urgent: true }, { urgent: true });
      await task.respond({ urgent: true }, { urgent: true });
    },
    stream: async (task: TaskRequest<{ words: readonly string[] }>) => {
      for (const word of task.payload.words) await task.stream({ word });
      return { words: task.payload.words.length };
    },
    fail: (task: TaskRequest) => task.respond({ error: "told to" }, { status: "failed" }),
    error: () => {
      throw new Error("told to");
    },
    wait: (task: TaskRequest) => this.#wait(task),
    report: (task: TaskRequest) => {
      task.on("updateRequested", async () => {
        await task.update({ far: 1 });
        await task.respond({ reported: true });
      });
      return this.#wait(task);
    },
  };

  override async onActivated(args: Readonly<Record<string, unknown>> | undefined): Promise<void> {
    await super.onActivated(args);
    this.activations.push(args);
  }

  override async onDeactivated(): Promise<void> {
    await super.onDeactivated();
    this.deactivations += 1;
  }

  override buildPipeline(): Pipeline {
    return new Pipeline([new Recorder(this.seen)]);
  }

  #wait(task: TaskRequest): Promise<never> {
    this.waiting.push(task);
    return new Promise((_, reject) => {
      task.signal.addEventListener("abort", () => {
        this.cancelled.push(task.signal.reason);
        reject(task.signal.reason);
      });
    });
  }
}

interface Side {
  readonly runner: AgentRunner;
  readonly agent: OurAgent;
  readonly recording: Recording;
}

/** An agent of ours and one of theirs, each on its own bus, joined by the two packages' proxies. */
export class Pair implements AsyncDisposable {
  readonly peer: PythonPeer;
  readonly errors: TrunklineError[] = [];
  readonly ready: string[] = [];
  readonly gone: string[] = [];
  /** What our proxy did not let through, either way. */
  readonly rejected: RejectedData[] = [];
  /** Ends of the connection, as our proxy tells of them. */
  readonly ends: { readonly code: number | undefined; readonly reason: string | undefined }[] = [];
  /** Our end of each connection there was. */
  readonly sockets: { terminate(): void }[] = [];
  readonly #side: Side;
  readonly #finished: Promise<void>;
  readonly #server: AgentServer | undefined;

  private constructor(peer: PythonPeer, side: Side, finished: Promise<void>, server?: AgentServer) {
    this.peer = peer;
    this.#side = side;
    this.#finished = finished;
    this.#server = server;
  }

  get runner(): AgentRunner {
    return this.#side.runner;
  }

  get agent(): OurAgent {
    return this.#side.agent;
  }

  /** Everything on our bus. */
  get recording(): Recording {
    return this.#side.recording;
  }

  /** Resolves once the connection is there and our side knows theirs. */
  static async joined({ dialect, role }: Setting, options: PairOptions = {}): Promise<Pair> {
    return role === "ours serves" ? await Pair.#serving(dialect, options) : await Pair.#connecting(dialect, options);
  }

  static async #serving(dialect: WireDialect, options: PairOptions): Promise<Pair> {
    const sides: Side[] = [];
    const notes = notesOf();
    const finished: Promise<void>[] = [];
    const server = await serveAgents({ port: 0 }, async (session: AgentSession) => {
      const proxy = session.proxy({
        agentName: ourName,
        remoteAgentName: theirName,
        forwardMessages: options.forwardMessages ?? [BusFrameMessage],
        serializer: serializerOf(dialect, options),
      });
      proxy.on("clientDisconnected", ({ code, reason }) => void notes.ends.push({ code, reason }));
      proxy.on("rejected", (data) => void notes.rejected.push(data));
      proxy.on("clientConnected", (websocket) => void notes.sockets.push(websocket as WebSocket));
      await session.runner.addAgent(proxy);
      finished.push(session.runner.run());
      sides.push(await sideOf(session.runner, options, notes));
    });
    server.on("error", ({ error }) => void notes.errors.push(error));
    const peer = new PythonPeer({ ...peerOptions(dialect, options), url: server.url });
    try {
      await peer.event("connected");
      await until(() => sides.length === 1 && (sides[0]?.agent.ready ?? false), "our session being there");
    } catch (error) {
      await peer[Symbol.asyncDispose]();
      await server.close();
      throw error;
    }
    const pair = new Pair(peer, sides[0] as Side, finished[0] as Promise<void>, server);
    return pair.#take(notes);
  }

  static async #connecting(dialect: WireDialect, options: PairOptions): Promise<Pair> {
    const peer = new PythonPeer(peerOptions(dialect, options));
    const { url } = await peer.event("listening");
    const runner = new AgentRunner({ handleSigint: false });
    const notes = notesOf();
    runner.on("error", (error) => void notes.errors.push(error));
    const side = await sideOf(runner, options, notes);
    const proxy = new WebSocketProxyClientAgent("proxy", {
      bus: runner.bus,
      url: String(url),
      localAgentName: ourName,
      remoteAgentName: theirName,
      forwardMessages: options.forwardMessages ?? [BusFrameMessage],
      serializer: serializerOf(dialect, options),
    });
    proxy.on("disconnected", ({ code, reason }) => void notes.ends.push({ code, reason }));
    proxy.on("rejected", (data) => void notes.rejected.push(data));
    proxy.on("connected", (websocket) => void notes.sockets.push(websocket as WebSocket));
    await runner.addAgent(proxy);
    const finished = runner.run();
    const pair = new Pair(peer, side, finished).#take(notes);
    try {
      await until(() => side.agent.ready && proxy.ready, "our side being ready");
      await side.agent.activateAgent("proxy");
      await peer.event("ready");
      await until(() => runner.registry.has(theirName), "their agent being known", 20_000);
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
    return pair;
  }

  #take(notes: Notes): Pair {
    Object.assign(this, notes);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner.cancel("test over");
    await this.#finished;
    await this.#server?.close();
    await this.peer[Symbol.asyncDispose]();
  }
}

type Notes = Pick<Pair, "errors" | "ready" | "gone" | "rejected" | "ends" | "sockets">;

function notesOf(): Notes {
  return { errors: [], ready: [], gone: [], rejected: [], ends: [], sockets: [] };
}

async function sideOf(runner: AgentRunner, options: PairOptions, notes: Notes): Promise<Side> {
  const { bridged = true, active = true } = options;
  const agent = new OurAgent(ourName, {
    bus: runner.bus,
    active,
    ...(bridged !== false && { bridged }),
  });
  agent.on("agentReady", ({ agentName }) => void notes.ready.push(agentName));
  agent.on("agentGone", ({ agentName }) => void notes.gone.push(agentName));
  const recording = await Recording.of(runner.bus);
  await runner.addAgent(agent);
  return { runner, agent, recording };
}

function serializerOf(dialect: WireDialect, { serializer }: PairOptions): JSONMessageSerializer {
  return new JSONMessageSerializer({ ...serializer, dialect });
}

function peerOptions(dialect: WireDialect, { bridges, inactive, forward }: PairOptions): PeerOptions {
  return { dialect, local: theirName, remote: ourName, bridges, inactive, forward };
}
