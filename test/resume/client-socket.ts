import type { LinkOptions, LinkSocket, LinkSocketHandlers } from "../../src/proxy/link/index.ts";
import { until } from "../support/settled.ts";
import { LinkClient } from "./client-link.ts";
import type { Control } from "./hand-connection.ts";
import { secret, type Terms } from "./hand-session.ts";

/** An open socket whose peer is the test: it says what it is told to, also when no real socket would any more. */
export class ScriptedSocket implements LinkSocket {
  readonly websocket = this;
  readonly protocol: string = "trunkline.resume.v1";
  /** What the link has given it, in order. */
  readonly sent: (Control | Uint8Array)[] = [];
  readonly closes: { readonly code: number; readonly reason: string }[] = [];
  terminated = 0;
  pings = 0;
  writable = true;
  unwrittenFrames = 0;
  inboundActivity = 0;
  /** What was sent stays in the buffer until {@link drain}. */
  holds = false;
  bufferedBytes = 0;
  handlers: LinkSocketHandlers | undefined;
  /** Is told of everything the link sends, at once. */
  onSent: (data: Control | Uint8Array) => void = () => {};
  #drainBelow: number | undefined;
  readonly #held: (Control | Uint8Array)[] = [];

  get frames(): readonly Uint8Array[] {
    return this.sent.filter((it): it is Uint8Array => it instanceof Uint8Array);
  }

  get controls(): readonly Control[] {
    return this.sent.filter((it): it is Control => !(it instanceof Uint8Array));
  }

  readonly ping = (): void => {
    this.pings += 1;
  };

  attach(handlers: LinkSocketHandlers): void {
    this.handlers = handlers;
    for (const data of this.#held.splice(0)) this.#deliver(data);
  }

  detach(): void {
    this.handlers = undefined;
  }

  send(data: Uint8Array | string): void {
    const sent = typeof data === "string" ? (JSON.parse(data) as Control) : data;
    this.sent.push(sent);
    this.onSent(sent);
    if (this.holds && typeof data !== "string") this.bufferedBytes += data.byteLength;
  }

  requestDrain(belowBytes: number): void {
    this.#drainBelow = belowBytes;
    queueMicrotask(() => this.#offerDrain());
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
    this.writable = false;
  }

  terminate(): void {
    this.terminated += 1;
    this.writable = false;
  }

  /** So many bytes have left. */
  drain(byteLength = this.bufferedBytes): void {
    this.bufferedBytes -= byteLength;
    this.#offerDrain();
  }

  /** The peer says this. */
  hear(data: Control | Uint8Array): void {
    this.inboundActivity += 1;
    if (this.handlers === undefined) this.#held.push(data);
    else this.#deliver(data);
  }

  welcome({ windowMs, heartbeatMs, frame, messages, bytes }: Terms = {}): void {
    const max = { frame: frame ?? 1_048_576, messages: messages ?? 2_048, bytes: bytes ?? 4_194_304 };
    const terms = { windowMs: windowMs ?? 120_000, max, heartbeatMs: heartbeatMs ?? 10_000 };
    this.hear({ t: "welcome", sid: secret(), token: secret(), ...terms });
  }

  resumed(received: number): void {
    this.hear({ t: "resumed", received, token: secret() });
  }

  end(code: number, reason = ""): void {
    this.writable = false;
    this.handlers?.onClose({ code, reason });
  }

  #deliver(data: Control | Uint8Array): void {
    if (data instanceof Uint8Array) this.handlers?.onMessage(data, "binary");
    else this.handlers?.onMessage(new TextEncoder().encode(JSON.stringify(data)), "text");
  }

  #offerDrain(): void {
    if (this.#drainBelow === undefined || this.bufferedBytes > this.#drainBelow) return;
    this.#drainBelow = undefined;
    this.handlers?.onDrain();
  }
}

/** A link that dials for such sockets. */
export class ScriptedLink extends LinkClient {
  readonly sockets: ScriptedSocket[];

  constructor(options: LinkOptions) {
    const sockets: ScriptedSocket[] = [];
    super(async () => {
      const socket = new ScriptedSocket();
      sockets.push(socket);
      return socket;
    }, options);
    this.sockets = sockets;
  }

  /** The n-th socket, from 1, once the link has said hello on it. */
  async greeted(n: number): Promise<ScriptedSocket> {
    await until(() => this.sockets[n - 1]?.controls[0]?.t === "hello", `hello on socket ${n}`);
    return this.sockets[n - 1] as ScriptedSocket;
  }
}
