import { TrunklineError } from "../../errors.ts";
import { longestTimeoutMs } from "../../util/index.ts";

export interface BackoffInit {
  /** What every wait has, in milliseconds. */
  readonly minMs: number;
  /** What the first wait has on top, up to so much; it doubles with every further one. */
  readonly spreadMs: number;
  /** Where the doubling ends. */
  readonly maxSpreadMs: number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

// Doubling goes no further than a number can.
const maxDoublings = 1_023;

/**
 * How long to wait before each attempt of a row. The wait is random over all of its spread, so that those who lost the
 * same server do not come back at once, and the spread doubles, so that a server that cannot take them all has peace.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #spreadMs: number;
  readonly #maxSpreadMs: number;
  readonly #random: () => number;
  #doublings = 0;

  /** @throws TrunklineError `TL_INVALID_OPTION` for a wait that no timer can wait for */
  constructor({ minMs, spreadMs, maxSpreadMs, random }: BackoffInit) {
    this.#minMs = wait("backoff.minMs", minMs);
    this.#spreadMs = wait("backoff.spreadMs", spreadMs);
    this.#maxSpreadMs = wait("backoff.maxSpreadMs", maxSpreadMs);
    this.#random = random;
    wait("backoff.minMs + backoff.maxSpreadMs", minMs + maxSpreadMs);
  }

  nextDelayMs(): number {
    const spreadMs = Math.min(this.#maxSpreadMs, this.#spreadMs * 2 ** this.#doublings);
    this.#doublings = Math.min(this.#doublings + 1, maxDoublings);
    return this.#minMs + this.#random() * spreadMs;
  }

  /** The next wait is a first one again. */
  reset(): void {
    this.#doublings = 0;
  }
}

function wait(name: string, ms: number): number {
  if (Number.isFinite(ms) && ms >= 0 && ms <= longestTimeoutMs) return ms;
  throw new TrunklineError(
    "TL_INVALID_OPTION",
    `${name} is a number of milliseconds from 0 to ${longestTimeoutMs}, not ${String(ms)}.`,
  );
}
