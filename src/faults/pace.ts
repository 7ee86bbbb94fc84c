import type { Clock } from "../proxy/link/index.ts";
import type { ThrottleOptions } from "./fault-options.ts";

/** A throttled way passes on what fits in so much time at once, so that its bytes come evenly. */
const throttleStepMs = 20;

/** When the next bytes of one way may go, and how many of them. */
export class Pace {
  readonly #clock: Clock;
  readonly #random: () => number;
  #slice: { readonly minBytes: number; readonly maxBytes: number } | undefined;
  #sliceLeft = 0;
  #delay: { readonly latencyMs: number; readonly jitterMs: number } | undefined;
  #lastDueAt = 0;
  #bytesPerSecond: number | undefined;
  #freeAt = 0;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  slice(minBytes: number, maxBytes: number): void {
    this.#slice = { minBytes, maxBytes };
    this.#sliceLeft = 0;
  }

  delay(latencyMs: number, jitterMs: number): void {
    this.#delay = { latencyMs, jitterMs };
  }

  throttle({ bytesPerSecond }: ThrottleOptions): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  heal(): void {
    this.#slice = undefined;
    this.#delay = undefined;
    this.#bytesPerSecond = undefined;
    this.#lastDueAt = 0;
    this.#freeAt = 0;
  }

  /** True while bytes go in slices, each in a turn of the event loop of its own. */
  get sliced(): boolean {
    return this.#slice !== undefined;
  }

  /** When what comes in now is due, never before what came in earlier. */
  dueAt(): number {
    if (this.#delay === undefined) return this.#lastDueAt;
    const { latencyMs, jitterMs } = this.#delay;
    this.#lastDueAt = Math.max(this.#lastDueAt, this.#clock.now() + latencyMs + this.#random() * jitterMs);
    return this.#lastDueAt;
  }

  /** How long what is due at this time still has to wait, in milliseconds. */
  waitMs(dueAt: number): number {
    return Math.max(this.#delay === undefined ? 0 : dueAt, this.#freeAt) - this.#clock.now();
  }

  /** How many of so many bytes may go now. */
  allowance(bytes: number): number {
    let allowed = bytes;
    if (this.#slice !== undefined) {
      const { minBytes, maxBytes } = this.#slice;
      // What is left of a slice is kept, so that the cuts are at the same bytes however they came in.
      if (this.#sliceLeft === 0) this.#sliceLeft = minBytes + Math.floor(this.#random() * (maxBytes - minBytes + 1));
      allowed = Math.min(allowed, this.#sliceLeft);
    }
    if (this.#bytesPerSecond !== undefined) {
      allowed = Math.min(allowed, Math.max(1, Math.floor((this.#bytesPerSecond * throttleStepMs) / 1_000)));
    }
    return allowed;
  }

  /** Counts bytes that went. */
  passed(bytes: number): void {
    if (this.#slice !== undefined) this.#sliceLeft -= Math.min(bytes, this.#sliceLeft);
    if (this.#bytesPerSecond === undefined) return;
    this.#freeAt = Math.max(this.#freeAt, this.#clock.now()) + (bytes * 1_000) / this.#bytesPerSecond;
  }
}
