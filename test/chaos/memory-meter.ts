import { collected } from "../soak/growth.ts";

const sampleEveryMs = 50;

/** How much memory some work takes beyond what there was before: at its worst, and for good. */
export class MemoryMeter {
  readonly #before: number;
  readonly #timer: NodeJS.Timeout;
  #highest: number;

  private constructor() {
    this.#before = usedBytes();
    this.#highest = this.#before;
    this.#timer = setInterval(() => this.sample(), sampleEveryMs);
    this.#timer.unref();
  }

  static async started(): Promise<MemoryMeter> {
    await collected();
    return new MemoryMeter();
  }

  /** Looks now; it looks by itself too, as long as the event loop turns. */
  sample(): void {
    this.#highest = Math.max(this.#highest, usedBytes());
  }

  /** The most that was ever seen, garbage included. */
  get peakBytes(): number {
    this.sample();
    return this.#highest - this.#before;
  }

  /** Ends the looking. What is still there once the garbage is gone. */
  async stop(): Promise<number> {
    this.sample();
    clearInterval(this.#timer);
    await collected();
    return usedBytes() - this.#before;
  }
}

/** The heap, and the buffers outside of it. */
function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
