import { type AgentBus, BaseAgent, BusFrameMessage, type TaskRequest, TextFrame, type TrunklineError } from "trunkline";
import {
  type AgentServer,
  type AgentSession,
  type ServeAgentsOptions,
  type SessionProxyOptions,
  serveAgents,
  type WebSocketProxyServerAgent,
} from "trunkline/server";
import { expect } from "vitest";
import { deferred } from "../../src/util/index.ts";
import { Recording } from "../support/recording.ts";
import { until } from "../support/settled.ts";
import { HandClient, textIn, textMessage } from "./hand-client.ts";

/** Has a state, and a task that takes as long as the test wants. */
export class Assistant extends BaseAgent {
  counted = 0;
  readonly held: TaskRequest[] = [];
  readonly release = deferred();

  override tasks = {
    count: async () => {
      this.counted += 1;
      return { counted: this.counted };
    },
    double: async (task: { payload: { n: number } }) => ({ doubled: task.payload.n * 2 }),
    hold: async (task: TaskRequest) => {
      this.held.push(task);
      await this.release.promise;
      return { held: true };
    },
  };
}

/** Keeps what is on the bus and, if told so, answers every text of `acme` with an echo. */
class Echo extends Recording {
  readonly #bus: AgentBus;
  readonly #answers: boolean;

  constructor(bus: AgentBus, answers: boolean) {
    super("echo");
    this.#bus = bus;
    this.#answers = answers;
  }

  override onBusMessage(message: Parameters<Recording["onBusMessage"]>[0]): void {
    super.onBusMessage(message);
    const text = message.source === "acme" ? textIn(message) : undefined;
    if (this.#answers && text !== undefined) void this.#bus.send(textMessage(`echo ${text}`, "assistant"));
  }
}

type EventName =
  | "clientConnected"
  | "interrupted"
  | "resumed"
  | "slow"
  | "sessionLost"
  | "clientDisconnected"
  | "rejected";
const eventNames: readonly EventName[] = [
  "clientConnected",
  "interrupted",
  "resumed",
  "slow",
  "sessionLost",
  "clientDisconnected",
  "rejected",
];

/** The server's end of one session, with what it told and what came in. */
export class StagedSession {
  readonly session: AgentSession;
  readonly proxy: WebSocketProxyServerAgent;
  readonly assistant: Assistant;
  readonly recording: Recording;
  readonly events: { readonly name: EventName; readonly data: unknown }[] = [];

  private constructor(session: AgentSession, proxy: WebSocketProxyServerAgent, recording: Recording) {
    this.session = session;
    this.proxy = proxy;
    this.recording = recording;
    this.assistant = new Assistant("assistant", { bus: session.runner.bus });
    for (const name of eventNames) proxy.on(name, (data: unknown) => void this.events.push({ name, data }));
  }

  static async of(session: AgentSession, options: StageOptions): Promise<StagedSession> {
    await options.before?.(session);
    const { bus } = session.runner;
    const recording = new Echo(bus, options.echo ?? false);
    await bus.subscribe(recording, { observe: true });
    const staged = new StagedSession(
      session,
      session.proxy({
        agentName: "assistant",
        remoteAgentName: "acme",
        forwardMessages: [BusFrameMessage],
        ...options.proxy,
      }),
      recording,
    );
    await session.runner.addAgent(staged.proxy);
    await session.runner.addAgent(staged.assistant);
    return staged;
  }

  /** The texts of `acme` that have reached the bus. */
  get texts(): string[] {
    return this.recording.all(BusFrameMessage).flatMap((message) => {
      return message.source === "acme" && message.frame instanceof TextFrame ? [message.frame.text] : [];
    });
  }

  /** The assistant says these; resolves when the link has taken them. */
  async say(...texts: readonly string[]): Promise<void> {
    this.offer(...texts);
    await this.session.runner.bus.idle();
  }

  /** The assistant says these, and does not wait. */
  offer(...texts: readonly string[]): void {
    for (const text of texts) this.session.runner.bus.send(textMessage(text, "assistant")).catch(() => {});
  }

  told(name: EventName): readonly unknown[] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data);
  }

  async tells(name: EventName, count = 1): Promise<void> {
    await until(() => this.told(name).length >= count, `${name} being told ${count} times`);
  }
}

/** Both ends of one session. */
export interface Joined {
  readonly client: HandClient;
  readonly staged: StagedSession;
}

export interface StageOptions {
  /** Comes before the agents are built. */
  readonly before?: ((session: AgentSession) => Promise<void>) | undefined;
  readonly echo?: boolean | undefined;
  readonly proxy?: Partial<SessionProxyOptions> | undefined;
}

/** A server whose sessions are watched. */
export class Stage implements AsyncDisposable {
  readonly server: AgentServer;
  readonly sessions: StagedSession[];
  readonly errors: { readonly error: TrunklineError; readonly sessionId: string | undefined }[] = [];
  readonly #clients: HandClient[] = [];

  private constructor(server: AgentServer, sessions: StagedSession[]) {
    this.server = server;
    this.sessions = sessions;
    server.on("error", (data) => void this.errors.push(data));
  }

  static async open(options: ServeAgentsOptions = {}, stage: StageOptions = {}): Promise<Stage> {
    const sessions: StagedSession[] = [];
    const server = await serveAgents(options, async (session) => {
      sessions.push(await StagedSession.of(session, stage));
    });
    return new Stage(server, sessions);
  }

  get url(): string {
    return this.server.url;
  }

  /** A client with a session, the session, and the server's first frame, which announces the assistant, received. */
  async joined(headers?: Readonly<Record<string, string>>): Promise<Joined> {
    const before = this.sessions.length;
    const client = await HandClient.begin(this.url, headers);
    this.#clients.push(client);
    await until(() => this.sessions.length > before, "the session being set up");
    await client.hears(({ received }) => received === 1, "the assistant being announced");
    return { client, staged: this.sessions[before] as StagedSession };
  }

  /** Ends with the test whatever it has connected. */
  keep(client: HandClient): HandClient {
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
    await this.server.close({ graceMs: 200 });
  }
}

/** Cuts the client's connection; resolves when the server has noticed. */
export async function interrupt({ client, staged }: Joined): Promise<void> {
  const before = staged.told("interrupted").length;
  await client.cut();
  await staged.tells("interrupted", before + 1);
}

/** The session lives on the connection it has, which was never interrupted. */
export async function expectUntouched({ client, staged }: Joined): Promise<void> {
  const said = `still here ${staged.texts.length}`;
  client.say(said);
  await until(() => staged.texts.at(-1) === said, "the session being served");
  expect(client.socket.ending).toBeUndefined();
  expect(staged.told("interrupted")).toEqual([]);
  expect(staged.told("sessionLost")).toEqual([]);
}
