import { MemoryMeter } from "../memory-meter.ts";
import type { Outcome, Scale } from "../proof.ts";
import { RejectionWatch } from "../rejection-watch.ts";
import { StallMeter } from "../stall-meter.ts";
import { changedPrototypes, prototypes } from "./prototypes.ts";

// A small run shares its machine with other tests, which slow down even what they do not interrupt.
const maxStallMs: Readonly<Record<Scale, number>> = { small: 150, full: 50, soak: 50 };
const maxGrowthBytes = 64 * 2 ** 20;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What must hold while anything hostile is going on, whatever it is aimed at. */
export class Watch {
  readonly #memory: MemoryMeter;
  readonly #maxStallMs: number;
  readonly #stalls = new StallMeter();
  readonly #rejections = new RejectionWatch();
  readonly #prototypes = prototypes();
  readonly #problems: string[] = [];
  #longestStallMs = 0;
  #partStallMs = 0;

  private constructor(memory: MemoryMeter, scale: Scale) {
    this.#memory = memory;
    this.#maxStallMs = maxStallMs[scale];
  }

  static async started(scale: Scale): Promise<Watch> {
    return new Watch(await MemoryMeter.started(), scale);
  }

  /**
   * Does a part of the attack. When the event loop stood still meanwhile, the same is done again, twice at most: what
   * the attack brings about is there each time, and what the machine or the collector of garbage did by chance is not.
   * Resolves with the longest stall, in milliseconds.
   */
  async part(name: string, work: () => Promise<void>): Promise<number> {
    let stallMs = Number.POSITIVE_INFINITY;
    this.#stalls.lap();
    for (let tries = 0; tries < 3 && stallMs > this.#maxStallMs; tries += 1) {
      this.#partStallMs = 0;
      await work();
      stallMs = Math.min(stallMs, Math.max(this.#partStallMs, this.#stalls.lap()));
    }
    this.#longestStallMs = Math.max(this.#longestStallMs, stallMs);
    if (stallMs > this.#maxStallMs) this.problem(`The event loop stood still for ${stallMs.toFixed(0)} ms: ${name}.`);
    return stallMs;
  }

  /** Does something in a part that measures and does not attack, such as collecting garbage: it may take its time. */
  readonly excuse = async <T>(work: () => Promise<T>): Promise<T> => {
    this.#partStallMs = Math.max(this.#partStallMs, this.#stalls.lap());
    const result = await work();
    this.#stalls.lap();
    return result;
  };

  /** Notes a fault; only the first ones are kept. */
  problem(line: string): void {
    if (this.#problems.length < 20) this.#problems.push(line);
  }

  /** Ends the watch. Call it when what was attacked has settled. */
  async outcome(figures: readonly string[]): Promise<Outcome> {
    // A rejection is known to be unhandled some turns after it happened.
    for (let turns = 0; turns < 4; turns += 1) await turn();
    this.#stalls.stop();
    this.#rejections.stop();
    const grown = await this.#memory.stop();
    const peak = this.#memory.peakBytes;
    const { seen } = this.#rejections;
    for (const error of seen.slice(0, 5)) this.problem(`Nobody handled: ${error}`);
    if (grown > maxGrowthBytes) this.problem(`${inMiB(grown)} of memory were not given back.`);
    for (const name of changedPrototypes(this.#prototypes)) this.problem(`${name}.prototype was changed.`);
    return {
      passed: this.#problems.length === 0,
      figures: [
        ...figures,
        `${seen.length} unhandled`,
        `longest stall ${this.#longestStallMs.toFixed(0)} ms`,
        `memory +${inMiB(Math.max(0, grown))} (peak +${inMiB(peak)})`,
      ],
      problems: this.#problems,
    };
  }
}

function inMiB(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
