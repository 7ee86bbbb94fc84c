import { collected } from "../soak/growth.ts";

/** Memory that is in use and no garbage, beyond what was in use before. Each look takes a collection. */
export class LiveMemory {
  readonly #before: number;
  #peak = 0;

  private constructor(before: number) {
    this.#before = before;
  }

  static async started(): Promise<LiveMemory> {
    return new LiveMemory(await inUse());
  }

  /** The most that was seen by {@link look}. */
  get peakBytes(): number {
    return this.#peak;
  }

  async look(): Promise<number> {
    const bytes = (await inUse()) - this.#before;
    this.#peak = Math.max(this.#peak, bytes);
    return bytes;
  }
}

async function inUse(): Promise<number> {
  await collected();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
