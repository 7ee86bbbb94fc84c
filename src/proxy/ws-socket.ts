import type { LinkSocket, LinkSocketHandlers } from "./link/index.ts";
import { closeReason, Reception } from "./reception.ts";

/** What is used of a socket of the `ws` package, or of one that looks like it. */
export interface WsLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly protocol?: string | undefined;
  on(event: string, listener: (...values: never[]) => void): unknown;
  send(data: Uint8Array | string, written: (error?: Error | null) => void): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  pause?(): void;
  resume?(): void;
  /** The connection under it, where it can be seen: bytes count as life before a frame is whole. */
  readonly _socket?: { readonly bytesRead?: number } | null | undefined;
}

const openState = 1;
const closedState = 3;

/** A `ws` socket: one from a server, from `@fastify/websocket`, or one that was dialed. */
export class WsSocket implements LinkSocket {
  readonly websocket: WsLike;
  readonly #reception = new Reception((isResting) => {
    if (isResting) this.websocket.pause?.();
    else this.#readOn();
  });
  readonly #agreed: string | undefined;
  #unwritten = 0;
  #unwrittenControls = 0;
  #arrivals = 0;
  #drainBelow: number | undefined;
  #error: Error | undefined;

  constructor(websocket: WsLike, protocol?: string) {
    this.websocket = websocket;
    this.#agreed = protocol;
    websocket.on("message", (data: unknown, isBinary: boolean) => this.#message(data, isBinary));
    websocket.on("ping", this.#heard);
    websocket.on("pong", this.#heard);
    websocket.on("error", (error: Error) => {
      this.#error = error;
      this.#reception.failing(error);
    });
    websocket.on("close", (code: number, reason: Uint8Array) => {
      this.#reception.close({ code, reason: new TextDecoder().decode(reason), error: this.#error });
    });
    // It says nothing more about an end that has already been.
    if (websocket.readyState === closedState) this.#reception.close({ code: 1006, reason: "" });
  }

  get protocol(): string {
    return this.#agreed ?? this.websocket.protocol ?? "";
  }

  get writable(): boolean {
    return this.websocket.readyState === openState;
  }

  get bufferedBytes(): number {
    return this.websocket.bufferedAmount;
  }

  get unwrittenFrames(): number {
    return this.#unwritten;
  }

  get unwrittenControls(): number {
    return this.#unwrittenControls;
  }

  get inboundActivity(): number {
    return this.#arrivals + (this.websocket._socket?.bytesRead ?? 0);
  }

  readonly ping = (): void => {
    if (this.writable) this.websocket.ping();
  };

  attach(handlers: LinkSocketHandlers): void {
    this.#reception.attach(handlers);
    this.#readOn();
  }

  detach(): void {
    this.#reception.detach();
    this.#drainBelow = undefined;
  }

  send(data: Uint8Array | string): void {
    if (typeof data === "string") {
      this.#unwrittenControls += 1;
      if (this.writable) this.websocket.send(data, this.#controlWritten);
      return;
    }
    this.#unwritten += 1;
    if (this.writable) this.websocket.send(data, this.#written);
  }

  requestDrain(belowBytes: number): void {
    this.#drainBelow = belowBytes;
    if (this.bufferedBytes <= belowBytes) queueMicrotask(this.#offerDrain);
  }

  close(code: number, reason: string): void {
    // Its end must be heard, also when nobody listens yet.
    this.websocket.resume?.();
    this.websocket.close(code, closeReason(reason));
  }

  terminate(): void {
    this.websocket.terminate();
  }

  #readOn(): void {
    // Whoever has listened may have stopped again in the middle of what was held.
    if (!this.#reception.crowded && !this.#reception.resting) this.websocket.resume?.();
  }

  readonly #heard = (): void => {
    this.#arrivals += 1;
  };

  readonly #written = (error?: Error | null): void => {
    if (error) return;
    this.#unwritten -= 1;
    this.#offerDrain();
  };

  readonly #controlWritten = (error?: Error | null): void => {
    if (error) return;
    this.#unwrittenControls -= 1;
    this.#offerDrain();
  };

  readonly #offerDrain = (): void => {
    if (this.#drainBelow === undefined || this.bufferedBytes > this.#drainBelow) return;
    this.#drainBelow = undefined;
    this.#reception.drain();
  };

  #message(data: unknown, isBinary: boolean): void {
    this.#heard();
    if (!this.#reception.message(bytesOf(data), isBinary ? "binary" : "text")) this.terminate();
    // Not before: a socket that is not read does not tell that its peer has gone.
    else if (this.#reception.crowded) this.websocket.pause?.();
  }
}

/** The library hands over what its `binaryType` says, which is not ours to change on a socket that others use. */
function bytesOf(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (typeof data === "string") return new TextEncoder().encode(data);
  const pieces = Array.isArray(data) ? data.filter((piece) => piece instanceof Uint8Array) : [];
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.byteLength, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}
