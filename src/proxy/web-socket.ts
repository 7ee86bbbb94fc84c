import type { LinkSocket, LinkSocketHandlers } from "./link/index.ts";
import { closeReason, Reception } from "./reception.ts";

/** What is used of a WebSocket as browsers, Deno, Bun and workers have it. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount?: number | undefined;
  readonly protocol?: string | undefined;
  binaryType?: string | undefined;
  addEventListener(type: string, listener: (event: never) => void): void;
  removeEventListener(type: string, listener: (event: never) => void): void;
  send(data: Uint8Array | string): void;
  close(code: number, reason: string): void;
}

const openState = 1;
const closedState = 3;
const drainPollMs = 10;

/** A WHATWG WebSocket. It cannot ping, cannot say when a frame has left, and cannot be cut without a handshake. */
export class WebSocketAdapter implements LinkSocket {
  readonly websocket: WebSocketLike;
  readonly #reception = new Reception();
  readonly #agreed: string | undefined;
  #arrivals = 0;
  /** Binary frames since the buffer was last seen empty: at least as many as have not left. */
  #sentSinceEmpty = 0;
  #lost = 0;
  #drainTimer: ReturnType<typeof setTimeout> | undefined;
  #error: Error | undefined;

  constructor(websocket: WebSocketLike, protocol?: string) {
    this.websocket = websocket;
    this.#agreed = protocol;
    websocket.binaryType = "arraybuffer";
    websocket.addEventListener("open", this.#onOpen);
    websocket.addEventListener("message", this.#onMessage);
    websocket.addEventListener("error", this.#onError);
    websocket.addEventListener("close", this.#onClose);
    if (websocket.readyState === closedState) this.#end(1006, "");
  }

  get protocol(): string {
    return this.#agreed ?? this.websocket.protocol ?? "";
  }

  get writable(): boolean {
    return this.websocket.readyState === openState;
  }

  get bufferedBytes(): number {
    return this.websocket.bufferedAmount ?? 0;
  }

  get unwrittenFrames(): number {
    return this.#lost + (this.bufferedBytes === 0 ? 0 : this.#sentSinceEmpty);
  }

  get inboundActivity(): number {
    return this.#arrivals;
  }

  attach(handlers: LinkSocketHandlers): void {
    this.#reception.attach(handlers);
  }

  detach(): void {
    this.#reception.detach();
    clearTimeout(this.#drainTimer);
  }

  send(data: Uint8Array | string): void {
    const messages = typeof data === "string" ? 0 : 1;
    if (!this.writable) {
      this.#lost += messages;
      return;
    }
    if (this.bufferedBytes === 0) this.#sentSinceEmpty = 0;
    this.#sentSinceEmpty += messages;
    this.websocket.send(data);
  }

  requestDrain(belowBytes: number): void {
    clearTimeout(this.#drainTimer);
    this.#drainTimer = setTimeout(() => {
      if (this.bufferedBytes > belowBytes) this.requestDrain(belowBytes);
      else this.#reception.drain();
    }, drainPollMs);
  }

  close(code: number, reason: string): void {
    // Applications may not say the protocol's own codes here, apart from the one for a normal end.
    const allowed = code === 1000 || (code >= 3000 && code <= 4999);
    this.websocket.close(allowed ? code : 1000, closeReason(reason));
  }

  terminate(): void {
    this.close(1000, "");
    this.#end(1006, "");
  }

  readonly #onOpen = (): void => this.#reception.drain();

  readonly #onMessage = ({ data }: { readonly data: unknown }): void => {
    this.#arrivals += 1;
    const text = typeof data === "string";
    const bytes = text ? new TextEncoder().encode(data) : new Uint8Array(data as ArrayBuffer);
    if (!this.#reception.message(bytes, text ? "text" : "binary")) this.terminate();
  };

  readonly #onError = (): void => {
    // The platform says no more than that, lest a page learn about networks it must not see.
    this.#error = new Error("the WebSocket failed");
    this.#reception.failing(this.#error);
  };

  readonly #onClose = ({ code, reason }: { readonly code: number; readonly reason: string }): void =>
    this.#end(code, reason);

  #end(code: number, reason: string): void {
    clearTimeout(this.#drainTimer);
    this.websocket.removeEventListener("open", this.#onOpen);
    this.websocket.removeEventListener("message", this.#onMessage);
    this.websocket.removeEventListener("error", this.#onError);
    this.websocket.removeEventListener("close", this.#onClose);
    this.#reception.close({ code, reason, error: this.#error });
  }
}
