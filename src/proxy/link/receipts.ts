/** After so many frames, or so many bytes, the peer is told at once; else after so long. */
const framesPerAck = 64;
const bytesPerAck = 262_144;
export const ackDelayMs = 200;

/** How many frames have been received, and how many of them the peer knows of. */
export class Receipts {
  #received = 0;
  #told = 0;
  #bytes = 0;

  /** Frames of the whole session, whatever was in them. */
  get received(): number {
    return this.#received;
  }

  /** How many of them the peer has been told of. */
  get told(): number {
    return this.#told;
  }

  /** True when the peer does not know of all. */
  get pending(): boolean {
    return this.#received > this.#told;
  }

  /** True when it is to be told now. */
  get due(): boolean {
    return this.#received - this.#told >= framesPerAck || this.#bytes >= bytesPerAck;
  }

  count(byteLength: number): void {
    this.#received += 1;
    this.#bytes += byteLength;
  }

  /** The peer leaves frames out. False when there cannot be so many. */
  skip(count: number): boolean {
    if (!Number.isSafeInteger(this.#received + count)) return false;
    this.#received += count;
    return true;
  }

  /** The number to tell; from now on the peer knows it. */
  tell(): number {
    this.#told = this.#received;
    this.#bytes = 0;
    return this.#told;
  }
}
