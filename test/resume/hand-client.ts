import { BusFrameMessage, type BusMessage, JSONMessageSerializer, TextFrame } from "trunkline";
import { until } from "../support/settled.ts";
import { type Control, HandSocket, type HandSocketOptions } from "./hand-client-socket.ts";

export { HandSocket, resumeProtocol } from "./hand-client-socket.ts";

const serializer = new JSONMessageSerializer();

export const bytesOf = (message: BusMessage): Uint8Array => serializer.serialize(message);
export const messageOf = (frame: Uint8Array): BusMessage | undefined => serializer.deserialize(frame);

/** A frame message with a text, from `acme` unless another is named. */
export const textMessage = (text: string, source = "acme"): BusFrameMessage =>
  new BusFrameMessage({ source, frame: new TextFrame({ text }), direction: "downstream" });

/** The text in a frame message; undefined for everything else. */
export function textIn(message: BusMessage | undefined): string | undefined {
  if (!(message instanceof BusFrameMessage) || !(message.frame instanceof TextFrame)) return undefined;
  return message.frame.text;
}

/** What a client puts into its hello; what is left out is what a well-behaved client would say. */
export interface HelloOverrides {
  readonly sid?: unknown;
  readonly token?: unknown;
  readonly received?: unknown;
}

/** The client's end of one session, over as many connections as it takes. */
export class HandClient implements AsyncDisposable {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** False: acknowledges only when told to. */
  acknowledges = true;
  sid: string | undefined;
  token: string | undefined;
  /** How many frames of the server this session has counted, skipped ones too. */
  received = 0;
  skipped = 0;
  /** The server's frames, each once, in the order in which they were counted. */
  readonly frames: Uint8Array[] = [];
  /** What the server said it has received of ours. */
  readonly acknowledged: number[] = [];
  readonly #sent: Uint8Array[] = [];
  readonly #sockets: HandSocket[] = [];
  #attached: HandSocket | undefined;
  #established = false;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.url = url;
    this.headers = headers;
  }

  /** A client with a session. */
  static async begin(url: string, headers?: Readonly<Record<string, string>>): Promise<HandClient> {
    const client = new HandClient(url, headers);
    const socket = await client.connect();
    await socket.control("welcome");
    return client;
  }

  get socket(): HandSocket {
    if (this.#attached === undefined) throw new Error("the client has not connected");
    return this.#attached;
  }

  get sentCount(): number {
    return this.#sent.length;
  }

  get texts(): string[] {
    return this.frames.flatMap((frame) => textIn(messageOf(frame)) ?? []);
  }

  /** Connects and says hello; what was connected before is not listened to any more, and stays open. */
  async connect(hello: HelloOverrides = {}, options: HandSocketOptions = {}): Promise<HandSocket> {
    const socket = await HandSocket.open(this.url, { headers: this.headers, ...options });
    this.#attach(socket);
    const { sid = this.sid ?? null, token = this.token, received = this.received } = hello;
    socket.say({ t: "hello", v: 1, sid, ...(token === undefined ? {} : { token }), received });
    return socket;
  }

  /** Connects again and gets its session back. */
  async resume(hello: HelloOverrides = {}): Promise<Control> {
    const socket = await this.connect(hello);
    return socket.control("resumed");
  }

  /** Connects again to hear that the session is lost; resolves with the welcome. */
  async comeBackTooLate(): Promise<Control> {
    const socket = await this.connect();
    return socket.control("welcome");
  }

  say(...frames: readonly (Uint8Array | BusMessage | string)[]): void {
    for (const frame of frames) {
      const bytes = typeof frame === "string" ? bytesOf(textMessage(frame)) : frame;
      this.#sent.push(bytes instanceof Uint8Array ? bytes : bytesOf(bytes));
      if (this.#established) this.#attached?.send(this.#sent.at(-1) as Uint8Array);
    }
  }

  acknowledge(received: unknown = this.received): void {
    this.socket.say({ t: "ack", received });
  }

  /** Cuts the connection and resolves when that is over on this side. */
  async cut(): Promise<void> {
    this.socket.cut();
    await this.socket.ended();
  }

  async leave(): Promise<void> {
    this.acknowledge();
    this.socket.say({ t: "bye" });
    this.socket.close(1000);
    await this.socket.ended();
  }

  async hears(condition: (client: HandClient) => boolean, what = "what the client waits for"): Promise<void> {
    await until(() => condition(this), what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) await socket[Symbol.asyncDispose]();
  }

  #attach(socket: HandSocket): void {
    if (this.#attached !== undefined) {
      this.#attached.onBinary = () => {};
      this.#attached.onControl = () => {};
    }
    this.#established = false;
    this.#attached = socket;
    this.#sockets.push(socket);
    socket.onBinary = (frame) => {
      this.received += 1;
      this.frames.push(frame);
      if (this.acknowledges) this.acknowledge();
    };
    socket.onControl = (control) => this.#obey(control);
  }

  #obey(control: Control): void {
    switch (control.t) {
      case "welcome":
        this.sid = control.sid as string;
        this.received = 0;
        this.frames.length = 0;
        if ("lost" in control) this.#sent.length = 0;
        this.#begin(control.token as string, 0);
        break;
      case "resumed":
        this.#begin(control.token as string, control.received as number);
        break;
      case "skip":
        this.received += control.count as number;
        this.skipped += control.count as number;
        if (this.acknowledges) this.acknowledge();
        break;
      case "ack":
        this.acknowledged.push(control.received as number);
        break;
    }
  }

  /** What the other side has not received is said again, in order. */
  #begin(token: string, received: number): void {
    this.token = token;
    this.#established = true;
    if (this.acknowledges) this.acknowledge();
    for (const frame of this.#sent.slice(received)) this.#attached?.send(frame);
  }
}
