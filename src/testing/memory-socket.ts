import type { Cable } from "./cable.ts";

/** What a socket tells its listeners, as one of the `ws` package does. */
export interface MemorySocketEvents {
  message: [data: Uint8Array, isBinary: boolean];
  ping: [data: Uint8Array];
  pong: [data: Uint8Array];
  error: [error: Error];
  close: [code: number, reason: Uint8Array];
}

type Listener<E extends keyof MemorySocketEvents> = (...values: MemorySocketEvents[E]) => void;

export interface MemorySocketOptions {
  /** The subprotocol both ends agreed on. */
  readonly protocol: string;
  readonly outbound: Cable;
  readonly inbound: Cable;
  /** The other end. */
  readonly peer: () => MemorySocket;
}

const openState = 1;
const closingState = 2;
const closedState = 3;
const abnormalCode = 1006;
const nothing = new Uint8Array();

/**
 * One end of a connection in memory, made by {@link socketPair}. It looks and behaves like an open socket of the `ws`
 * package, as far as proxies and most programs use one.
 *
 * 1. Frames arrive in order, in a later turn of the event loop, and as copies.
 * 2. `close` is told exactly once, and nothing after it.
 * 3. Nothing is lost for want of a listener: an end that nobody listens to does not read.
 */
export class MemorySocket {
  /** The subprotocol both ends agreed on; empty for none. */
  readonly protocol: string;
  readonly #options: MemorySocketOptions;
  readonly #listeners = new Map<keyof MemorySocketEvents, readonly Listener<never>[]>();
  #readyState = openState;
  #paused = false;

  constructor(options: MemorySocketOptions) {
    this.protocol = options.protocol;
    this.#options = options;
  }

  /** 1 while it is open, 2 while it closes, 3 once it has closed. */
  get readyState(): number {
    return this.#readyState;
  }

  /** Bytes that the other end has not read. */
  get bufferedAmount(): number {
    return this.#options.outbound.bytes;
  }

  /** Adds a listener. */
  on<E extends keyof MemorySocketEvents>(event: E, listener: Listener<E>): this {
    this.#listeners.set(event, [...this.#listening(event), listener]);
    this.#options.inbound.wake();
    return this;
  }

  /** Adds a listener for the next event alone. */
  once<E extends keyof MemorySocketEvents>(event: E, listener: Listener<E>): this {
    const first: Listener<E> = (...values) => {
      this.off(event, first);
      listener(...values);
    };
    return this.on(event, first);
  }

  /** Takes a listener away. */
  off<E extends keyof MemorySocketEvents>(event: E, listener: Listener<E>): this {
    const rest = this.#listening(event).filter((other) => other !== listener);
    if (rest.length === 0) this.#listeners.delete(event);
    else this.#listeners.set(event, rest);
    return this;
  }

  /** `written` is called once the other end has read it, or with an error when this end is not open any more. */
  send(data: Uint8Array | string, written?: (error?: Error) => void): void {
    if (this.#readyState !== openState) {
      written?.(new Error("The socket is not open."));
      return;
    }
    const isBinary = typeof data !== "string";
    const bytes = isBinary ? data.slice() : new TextEncoder().encode(data);
    this.#say(bytes.byteLength, (peer) => {
      written?.();
      peer.#emit("message", bytes, isBinary);
    });
  }

  /** The other end answers by itself. */
  ping(): void {
    if (this.#readyState !== openState) return;
    this.#say(0, (peer) => {
      peer.#emit("ping", nothing);
      if (peer.#readyState !== closedState) peer.#say(0, (self) => self.#emit("pong", nothing));
    });
  }

  /** Begins the closing handshake, behind what was sent. */
  close(code = 1000, reason = ""): void {
    if (this.#readyState !== openState) return;
    this.#readyState = closingState;
    const bytes = new TextEncoder().encode(reason);
    this.#say(0, (peer) => peer.#hearClose(code, bytes));
  }

  /** Ends it now, without a handshake; the other end learns of it behind what was sent. */
  terminate(): void {
    if (this.#readyState === closedState) return;
    this.#say(0, (peer) => peer.cut());
    this.cut();
  }

  /** Reads no further until {@link resume}; what the other end sends waits there. */
  pause(): void {
    this.#paused = true;
  }

  /** Reads again after {@link pause}. */
  resume(): void {
    this.#paused = false;
    this.#options.inbound.wake();
  }

  /** For the pair: whether it takes what arrives; once it has closed, in order to forget it. */
  get reads(): boolean {
    return this.#readyState === closedState || (!this.#paused && this.#listeners.size > 0);
  }

  /** For the pair: the connection is gone, at once. */
  cut(): void {
    this.#end(abnormalCode, nothing);
  }

  #hearClose(code: number, reason: Uint8Array): void {
    // Whoever has said goodbye already does not say it again.
    if (this.#readyState === openState) this.#say(0, (peer) => peer.#hearClose(code, reason));
    this.#end(code, reason);
  }

  #end(code: number, reason: Uint8Array): void {
    if (this.#readyState === closedState) return;
    this.#readyState = closedState;
    for (const listener of this.#listening("close")) listener(code, reason);
    this.#options.inbound.wake();
  }

  #say(byteLength: number, arrive: (peer: MemorySocket) => void): void {
    this.#options.outbound.put(byteLength, () => arrive(this.#options.peer()));
  }

  #emit<E extends Exclude<keyof MemorySocketEvents, "close">>(event: E, ...values: MemorySocketEvents[E]): void {
    if (this.#readyState === closedState) return;
    for (const listener of this.#listening(event)) listener(...values);
  }

  #listening<E extends keyof MemorySocketEvents>(event: E): readonly Listener<E>[] {
    return (this.#listeners.get(event) ?? []) as readonly Listener<E>[];
  }
}
