import { TrunklineError } from "../errors.ts";
import type { Clock } from "../proxy/link/index.ts";
import { testFailure } from "./test-failure.ts";

interface PendingCall {
  readonly at: number;
  readonly callback: () => void;
}

const maxCallsInOneMove = 100_000;

/** A clock that stands still until it is told to move. Give it to a proxy as `link: { clock }`. */
export class MovableClock implements Clock {
  #now: number;
  #pending: PendingCall[] = [];

  /** @param startMs - what {@link now} says first */
  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const call = { at: this.#now + Math.max(0, delayMs), callback };
    this.#pending.push(call);
    return () => {
      this.#pending = this.#pending.filter((other) => other !== call);
    };
  }

  /** How many calls are still to come: 0 when nothing was left behind. */
  get pending(): number {
    return this.#pending.length;
  }

  /**
   * Lets time pass: what falls due is called in its order, each at its own time, also what these calls ask for.
   * Promises settle afterwards, as ever.
   * @throws TrunklineError `TL_INVALID_OPTION` for a step back, `TL_TEST_FAILED` when the calls never come to an end
   */
  advance(byMs: number): void {
    const until = this.#checked(byMs);
    for (let calls = 0; ; calls++) {
      const next = this.#nextDue(until);
      if (next === undefined) break;
      if (calls === maxCallsInOneMove) {
        throw testFailure(`The clock made ${calls} calls while it moved by ${byMs} ms: somebody asks again and again.`);
      }
      this.#pending = this.#pending.filter((call) => call !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = Math.max(this.#now, until);
  }

  /** Lets time pass while nothing can run, as in a process that is stopped; then everything due is called, late. */
  stall(forMs: number): void {
    this.#now = this.#checked(forMs);
    this.advance(0);
  }

  #nextDue(until: number): PendingCall | undefined {
    let next: PendingCall | undefined;
    for (const call of this.#pending) {
      if (call.at <= until && (next === undefined || call.at < next.at)) next = call;
    }
    return next;
  }

  #checked(byMs: number): number {
    if (byMs >= 0 && Number.isFinite(byMs)) return this.#now + byMs;
    throw new TrunklineError("TL_INVALID_OPTION", `A clock moves forwards, by a number of milliseconds; not ${byMs}.`);
  }
}
