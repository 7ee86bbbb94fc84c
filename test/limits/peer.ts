import {
  AgentRunner,
  BaseAgent,
  BusDataMessage,
  type BusMessage,
  BusTaskCancelMessage,
  BusTaskRequestMessage,
  type BusTaskRequestMessageInit,
  JSONMessageSerializer,
  type RejectedData,
  type TaskHandlers,
} from "trunkline";
import { WebSocketProxyServerAgent, type WebSocketProxyServerAgentOptions } from "trunkline/server";
import { type SocketPair, socketPair } from "trunkline/testing";
import { z } from "zod";
import { until } from "../support/settled.ts";

/** A message that carries text of any length. */
export class Blob extends BusDataMessage {
  readonly data: string;
  constructor(init: { readonly source: string; readonly target?: string; readonly data: string }) {
    super(init);
    this.data = init.data;
  }
}

export const serializer = new JSONMessageSerializer();
serializer.register(Blob, { type: "test.Blob", fields: z.object({ data: z.string() }) });

/** Lets data messages wait until it is told to go on, and hangs in every task that is not to end. */
export class Slow extends BaseAgent {
  readonly heard: BusMessage[] = [];
  hold = false;
  release = () => {};
  override tasks: TaskHandlers = {
    hang: () => new Promise(() => {}),
    double: (task: { readonly payload: { readonly n: number } }) => task.payload.n * 2,
  };
  readonly #released = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  override async onBusMessage(message: BusMessage): Promise<void> {
    await super.onBusMessage(message);
    this.heard.push(message);
    if (this.hold && message instanceof Blob) await this.#released;
  }
}

/** The client's end of a session, which says what it likes: the server's proxy is told from outside. */
export class Peer implements AsyncDisposable {
  readonly runner = new AgentRunner({ handleSigint: false });
  readonly slow = new Slow("slow", { bus: this.runner.bus });
  readonly refused: RejectedData[] = [];
  readonly errors: unknown[] = [];
  /** What came back, as text. */
  readonly answers: string[] = [];
  readonly pair: SocketPair = socketPair();
  readonly proxy: WebSocketProxyServerAgent;
  #run: Promise<void> | undefined;

  private constructor(options: Partial<WebSocketProxyServerAgentOptions>) {
    const { bus } = this.runner;
    const names = { agentName: "slow", remoteAgentName: "acme" };
    const websocket = this.pair.server;
    this.proxy = new WebSocketProxyServerAgent("gateway", { bus, websocket, serializer, ...names, ...options });
    this.proxy.on("rejected", (rejection) => void this.refused.push(rejection));
    this.runner.on("error", (error) => void this.errors.push(error));
    this.pair.client.on("message", (data) => void this.answers.push(new TextDecoder().decode(data)));
  }

  static async joined(options: Partial<WebSocketProxyServerAgentOptions> = {}): Promise<Peer> {
    const peer = new Peer(options);
    await peer.runner.addAgent(peer.slow);
    await peer.runner.addAgent(peer.proxy);
    peer.#run = peer.runner.run();
    await until(() => peer.slow.ready && peer.proxy.ready, "both being ready");
    return peer;
  }

  /** The cancels that have reached the agent. */
  get cancels(): readonly BusTaskCancelMessage[] {
    return this.slow.heard.filter((message) => message instanceof BusTaskCancelMessage);
  }

  say(message: BusMessage): void {
    this.pair.client.send(serializer.serialize(message));
  }

  ask(init: Partial<BusTaskRequestMessageInit> & { readonly taskId: string }): void {
    this.say(new BusTaskRequestMessage({ source: "acme", target: "slow", ...init }));
  }

  cancel(taskId: string, reason?: string): void {
    this.say(new BusTaskCancelMessage({ source: "acme", target: "slow", taskId, reason }));
  }

  blob(length: number): void {
    this.say(new Blob({ source: "acme", target: "slow", data: "x".repeat(length) }));
  }

  /** Resolves once the answer to a task has come, and gives it. */
  async answerTo(taskId: string): Promise<string> {
    const found = () => this.answers.find((text) => text.includes("BusTaskResponse") && text.includes(`"${taskId}"`));
    await until(() => found() !== undefined, `an answer to ${taskId}`);
    return found() ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.slow.release();
    this.pair.cut();
    await this.runner.cancel();
    await this.#run;
  }
}
