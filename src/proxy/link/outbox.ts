import { type Deferred, Deque, deferred } from "../../util/index.ts";

export interface OutboxEntry {
  readonly bytes: Uint8Array;
  readonly replayable: boolean;
  readonly handedOver: Deferred<void>;
}

/** Frames that wait for a socket, in order, within a bound of number and of bytes. */
export class Outbox {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  readonly #waiting = new Deque<OutboxEntry>();
  #bytes = 0;

  constructor(maxFrames: number, maxBytes: number) {
    this.#maxFrames = maxFrames;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The promise of the hand-over, or nothing when the bound is reached. One frame always fits. */
  push(bytes: Uint8Array, replayable: boolean): Promise<void> | undefined {
    if (this.size >= this.#maxFrames) return undefined;
    if (this.size > 0 && this.#bytes + bytes.byteLength > this.#maxBytes) return undefined;
    const handedOver = deferred();
    this.#waiting.push({ bytes, replayable, handedOver });
    this.#bytes += bytes.byteLength;
    return handedOver.promise;
  }

  get first(): OutboxEntry | undefined {
    return this.#waiting.first;
  }

  shift(): OutboxEntry | undefined {
    const entry = this.#waiting.shift();
    if (entry !== undefined) this.#bytes -= entry.bytes.byteLength;
    return entry;
  }

  /** Empties it; every sender hears why. Returns how many frames there were. */
  reject(error: Error): number {
    const entries = [...this.#waiting];
    this.#waiting.clear();
    this.#bytes = 0;
    for (const { handedOver } of entries) handedOver.reject(error);
    return entries.length;
  }
}
