import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import { until } from "../support/settled.ts";

/** A control object as it was on the wire. */
export type Control = Readonly<Record<string, unknown>>;

/** What a client may say. */
const ofClients = ["hello", "ack", "skip", "bye"];
const maxControlBytes = 4_096;

/** One connection of a client, heard and spoken to by hand. */
export class HandConnection {
  readonly websocket: WebSocket;
  readonly request: IncomingMessage;
  /** Everything heard, in order. */
  readonly heard: (Control | Uint8Array)[] = [];
  readonly complaints: string[] = [];
  /** How it ended, once it has. */
  ending: { readonly code: number; readonly reason: string } | undefined;
  /** How often the client has asked for a sign of life. */
  pings = 0;
  onFrame: (bytes: Uint8Array) => void = () => {};
  onControl: (control: Control) => void = () => {};
  #answered = false;
  #pongs = 0;

  constructor(websocket: WebSocket, request: IncomingMessage) {
    this.websocket = websocket;
    this.request = request;
    websocket.on("error", () => {});
    websocket.on("ping", () => {
      this.pings += 1;
    });
    websocket.on("pong", () => {
      this.#pongs += 1;
    });
    websocket.on("close", (code, reason) => {
      this.ending = { code, reason: reason.toString() };
    });
    websocket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#hearFrame(new Uint8Array(data));
      else this.#hearText(data.toString());
    });
  }

  get controls(): readonly Control[] {
    return this.heard.filter((it): it is Control => !(it instanceof Uint8Array));
  }

  get frames(): readonly Uint8Array[] {
    return this.heard.filter((it): it is Uint8Array => it instanceof Uint8Array);
  }

  /** What was heard, in few words: `hello`, `ack 3`, `skip 2`, `frame`, `bye`. */
  get story(): readonly string[] {
    return this.heard.map((it) => {
      if (it instanceof Uint8Array) return "frame";
      const number = it.t === "ack" ? it.received : it.count;
      return number === undefined ? String(it.t) : `${it.t} ${number}`;
    });
  }

  /** The numbers the client has acknowledged. */
  get acks(): readonly unknown[] {
    return this.controls.filter(({ t }) => t === "ack").map(({ received }) => received);
  }

  /** The first control object of a type. */
  async control(type: string): Promise<Control> {
    const find = () => this.controls.find(({ t }) => t === type);
    await until(() => find() !== undefined || this.ending !== undefined, `a ${type} from the client`);
    const control = find();
    if (control === undefined) throw new Error(`The client left without a ${type}; it said: ${this.story.join(", ")}.`);
    return control;
  }

  async framesHeard(count: number): Promise<readonly Uint8Array[]> {
    await until(() => this.frames.length >= count, `${count} frames from the client`);
    return this.frames;
  }

  async acknowledged(received: number): Promise<void> {
    await until(() => this.acks.at(-1) === received, `ack ${received} (the last is ${this.acks.at(-1)})`);
  }

  say(control: Control): void {
    this.sayText(JSON.stringify(control));
  }

  sayText(text: string): void {
    this.#answered ||= /"t":"(welcome|resumed)"/.test(text);
    this.websocket.send(text);
  }

  send(...frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.websocket.send(frame);
  }

  close(code?: number, reason?: string): void {
    this.websocket.close(code, reason);
  }

  /** Ends it as a broken network does. */
  cut(): void {
    this.websocket.terminate();
  }

  /** Resolves once the client has read what was sent, and what it said meanwhile is here. */
  async roundTrip(): Promise<void> {
    const pongs = this.#pongs + 1;
    this.websocket.ping();
    await until(() => this.#pongs >= pongs || this.ending !== undefined, "a pong");
  }

  async gone(): Promise<{ readonly code: number; readonly reason: string }> {
    await until(() => this.ending !== undefined, "the end of the connection");
    return this.ending as { readonly code: number; readonly reason: string };
  }

  #hearFrame(bytes: Uint8Array): void {
    if (this.websocket.protocol !== "" && !this.#answered)
      this.complaints.push("a frame before the handshake was over");
    if (this.controls.some(({ t }) => t === "bye")) this.complaints.push("a frame after bye");
    this.heard.push(bytes);
    this.onFrame(bytes);
  }

  #hearText(text: string): void {
    if (this.websocket.protocol === "") this.complaints.push(`a text frame in plain mode: ${text}`);
    if (Buffer.byteLength(text) > maxControlBytes) this.complaints.push("a text frame of more than 4 KiB");
    const control = JSON.parse(text) as Control;
    if (!ofClients.includes(String(control.t))) this.complaints.push(`not for a client to say: ${text}`);
    if (control.t === "hello" && this.heard.length > 0) this.complaints.push("hello is not the first word");
    if (control.t !== "hello" && this.heard.length === 0) this.complaints.push(`${control.t} before hello`);
    this.heard.push(control);
    this.onControl(control);
  }
}
