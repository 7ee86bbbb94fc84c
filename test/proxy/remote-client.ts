import {
  AgentRunner,
  BaseAgent,
  BusFrameMessage,
  type DisconnectedData,
  type InterruptedData,
  TextFrame,
  type TrunklineError,
  WebSocketProxyClientAgent,
  type WebSocketProxyClientAgentOptions,
} from "trunkline";
import type { AgentSession } from "trunkline/server";
import type { WebSocket } from "ws";
import { Recording } from "../support/recording.ts";
import { until } from "../support/settled.ts";

/** Doubles numbers, and, bridged without a pipeline, sends back every frame it gets. */
export class Assistant extends BaseAgent {
  override tasks = {
    double: async (task: { payload: { n: number } }) => ({ doubled: task.payload.n * 2 }),
  };
}

/** A session as most programs set it up. */
export async function addAssistant(session: AgentSession): Promise<Assistant> {
  const proxy = session.proxy({ agentName: "assistant", remoteAgentName: "acme", forwardMessages: [BusFrameMessage] });
  await session.runner.addAgent(proxy);
  const assistant = new Assistant("assistant", { bus: session.runner.bus, bridged: true, active: true });
  await session.runner.addAgent(assistant);
  return assistant;
}

export const assistantSession = async (session: AgentSession): Promise<void> => {
  await addAssistant(session);
};

/** A well-behaved client: a runner with the agent `acme`, and the proxy to `assistant`. */
export class RemoteClient implements AsyncDisposable {
  readonly runner = new AgentRunner({ handleSigint: false });
  readonly acme: BaseAgent;
  readonly proxy: WebSocketProxyClientAgent;
  readonly errors: TrunklineError[] = [];
  readonly disconnected: DisconnectedData[] = [];
  readonly interrupted: InterruptedData[] = [];
  resumed = 0;
  readonly #finished: Promise<void>;
  #websocket: WebSocket | undefined;

  private constructor(url: string, options: Partial<WebSocketProxyClientAgentOptions>) {
    const { bus } = this.runner;
    this.acme = new BaseAgent("acme", { bus });
    this.proxy = new WebSocketProxyClientAgent("proxy", {
      bus,
      url,
      localAgentName: "acme",
      remoteAgentName: "assistant",
      forwardMessages: [BusFrameMessage],
      ...options,
    });
    this.runner.on("error", (error) => void this.errors.push(error));
    this.proxy.on("connected", (websocket) => {
      this.#websocket = websocket as WebSocket;
    });
    this.proxy.on("disconnected", (data) => void this.disconnected.push(data));
    this.proxy.on("interrupted", (data) => void this.interrupted.push(data));
    this.proxy.on("resumed", ({ websocket }) => {
      this.#websocket = websocket as WebSocket;
      this.resumed += 1;
    });
    this.#finished = this.#run();
  }

  /** Resolves once the assistant is known here. */
  static async connected(url: string, options: Partial<WebSocketProxyClientAgentOptions> = {}): Promise<RemoteClient> {
    const client = new RemoteClient(url, options);
    await until(() => client.acme.ready && client.proxy.ready, "the client being ready");
    await client.connect();
    return client;
  }

  async connect(): Promise<void> {
    await this.acme.activateAgent("proxy");
    await until(() => this.runner.registry.has("assistant"), "the assistant being known");
  }

  /** Asks the assistant for the double of a number. */
  async double(n: number): Promise<number> {
    const answer = await this.acme.task("assistant", { name: "double", payload: { n }, timeoutMs: 10_000 });
    return (answer as { readonly doubled: number }).doubled;
  }

  /** Sends the assistant a frame and resolves with the text of the one that comes back. */
  async echo(text: string): Promise<string> {
    const { bus } = this.runner;
    const recording = await Recording.of(bus, `echo of ${text}`);
    const textsBack = () =>
      recording.all(BusFrameMessage).flatMap(({ source, frame }) => {
        return source === "assistant" && frame instanceof TextFrame ? [frame.text] : [];
      });
    await bus.send(new BusFrameMessage({ source: "acme", frame: new TextFrame({ text }), direction: "downstream" }));
    await until(() => textsBack().length > 0, "the frame coming back");
    await bus.unsubscribe(recording);
    return textsBack().join();
  }

  /** Says goodbye. */
  async leave(): Promise<void> {
    await this.acme.deactivateAgent("proxy");
    await until(() => this.disconnected.length > 0, "the client being disconnected");
  }

  /** Cuts the connection as a broken network does. */
  cut(): void {
    this.#websocket?.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner.cancel("test over");
    await this.#finished;
  }

  async #run(): Promise<void> {
    await this.runner.addAgent(this.acme);
    await this.runner.addAgent(this.proxy);
    await this.runner.run();
  }
}
