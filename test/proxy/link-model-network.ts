import type { LinkSocket, LinkSocketHandlers } from "../../src/proxy/link/index.ts";

/** What is on its way: a frame, or control text. */
export type InFlight = Uint8Array | string;

/** One connection between two sockets in memory. What was sent arrives when the test says so, or never. */
export class ModelConnection {
  readonly ends: readonly [ModelSocket, ModelSocket] = [new ModelSocket(), new ModelSocket()];
  #broken = false;

  /** The next thing that was sent from there arrives; undefined when nothing does. */
  deliver(from: 0 | 1): InFlight | undefined {
    const receiver = this.ends[from === 0 ? 1 : 0];
    if (this.#broken || !receiver.isHeard) return undefined;
    const data = this.ends[from].leave();
    if (data !== undefined) receiver.hear(data);
    return data;
  }

  /** Nothing arrives any more, and nobody is told. */
  break(): void {
    this.#broken = true;
  }
}

/** One end. Frames that have not been delivered are in its buffer; only the second end can ping. */
export class ModelSocket implements LinkSocket {
  readonly websocket = this;
  readonly protocol = "trunkline.resume.v1";
  readonly writable = true;
  readonly unwrittenFrames = 0;
  bufferedBytes = 0;
  inboundActivity = 0;
  ping: (() => void) | undefined;
  /** Sees everything that is sent, in order. */
  onSent: (data: InFlight) => void = () => {};
  readonly #flight: InFlight[] = [];
  #handlers: LinkSocketHandlers | undefined;
  #drainBelow: number | undefined;

  get isHeard(): boolean {
    return this.#handlers !== undefined;
  }

  attach(handlers: LinkSocketHandlers): void {
    this.#handlers = handlers;
  }

  detach(): void {
    this.#handlers = undefined;
  }

  send(data: InFlight): void {
    this.onSent(data);
    this.#flight.push(data);
    if (typeof data !== "string") this.bufferedBytes += data.byteLength;
  }

  requestDrain(belowBytes: number): void {
    this.#drainBelow = belowBytes;
  }

  close(): void {}

  terminate(): void {}

  leave(): InFlight | undefined {
    const data = this.#flight.shift();
    if (data !== undefined && typeof data !== "string") this.bufferedBytes -= data.byteLength;
    if (this.#drainBelow !== undefined && this.bufferedBytes <= this.#drainBelow) {
      this.#drainBelow = undefined;
      this.#handlers?.onDrain();
    }
    return data;
  }

  hear(data: InFlight): void {
    this.inboundActivity += 1;
    if (typeof data === "string") this.#handlers?.onMessage(new TextEncoder().encode(data), "text");
    else this.#handlers?.onMessage(data, "binary");
  }
}
