type Listener = (...values: never[]) => void;

const openState = 1;
const closingState = 2;
const closedState = 3;

/** One end of a WebSocket as the `ws` package has it, whose other end does whatever it is told. */
export class HostileWebSocket {
  readonly protocol: string;
  readyState = openState;
  /** What the link has sent as text, since it was last taken. */
  texts: string[] = [];
  binariesSent = 0;
  #stalled = false;
  #buffered = 0;
  #unwritten: (() => void)[] = [];
  readonly #listeners = new Map<string, Listener[]>();
  readonly #onClosing: ((socket: HostileWebSocket) => void) | undefined;

  /** `onClosing` is told that the link has begun to close. */
  constructor(protocol: string, onClosing?: (socket: HostileWebSocket) => void) {
    this.protocol = protocol;
    this.#onClosing = onClosing;
  }

  get bufferedAmount(): number {
    return this.#buffered;
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  send(data: Uint8Array | string, written: (error?: Error) => void): void {
    if (typeof data === "string") this.texts.push(data);
    else this.binariesSent += 1;
    if (!this.#stalled) {
      queueMicrotask(() => written());
      return;
    }
    this.#buffered += data.length;
    this.#unwritten.push(written);
  }

  ping(): void {}

  pause(): void {}

  resume(): void {}

  close(code: number): void {
    if (code !== 1000 && (code < 1001 || code > 4999)) throw new TypeError(`${code} is no close code.`);
    if (this.readyState !== openState) return;
    this.readyState = closingState;
    this.#onClosing?.(this);
  }

  terminate(): void {
    this.ends(1006, "");
  }

  /** The peer says this. */
  says(data: Uint8Array | string): void {
    if (this.readyState === closedState) return;
    const isBinary = typeof data !== "string";
    this.#emit("message", isBinary ? Buffer.from(data) : Buffer.from(data, "utf8"), isBinary);
  }

  pings(): void {
    this.#emit("ping", Buffer.alloc(0));
  }

  /** The connection is over, with this code. */
  ends(code: number, reason: string): void {
    if (this.readyState === closedState) return;
    this.readyState = closedState;
    this.#emit("close", code, Buffer.from(reason));
  }

  /** The connection fails; the end of it comes later, or never. */
  fails(): void {
    if (this.readyState !== closedState) this.#emit("error", new Error("made to fail"));
  }

  /** The peer reads nothing from now on. */
  stalls(): void {
    this.#stalled = true;
  }

  /** The peer reads on. */
  reads(): void {
    this.#stalled = false;
    this.#buffered = 0;
    for (const written of this.#unwritten.splice(0)) written();
  }

  #emit(event: string, ...values: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...(values as never[]));
  }
}
