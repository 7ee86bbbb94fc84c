import { type Deferred, deferred, within } from "../util/index.ts";
import { testFailure } from "./test-failure.ts";

/** What is waited for, and how long. */
export interface WaitOptions {
  /** How long to wait, in milliseconds. Default 2,000. */
  readonly timeoutMs?: number | undefined;
  /** Which of those that fit, counted from the first that ever came. Default 1. */
  readonly count?: number | undefined;
}

interface Waiting<T> {
  readonly found: () => T | undefined;
  readonly outcome: Deferred<T>;
}

const defaultTimeoutMs = 2_000;
const shownArrivals = 20;

/** Things in the order they came, of which one can be waited for, be it there already or still to come. */
export class Arrivals<T> {
  readonly #items: T[] = [];
  readonly #describe: (item: T) => string;
  #waiting: Waiting<T>[] = [];

  /** @param describe - names an arrival in the message of a wait that failed */
  constructor(describe: (item: T) => string) {
    this.#describe = describe;
  }

  get all(): readonly T[] {
    return this.#items;
  }

  add(item: T): void {
    this.#items.push(item);
    this.#waiting = this.#waiting.filter(({ found, outcome }) => {
      const wanted = found();
      if (wanted === undefined) return true;
      outcome.resolve(wanted);
      return false;
    });
  }

  /**
   * The first that fits, or as many-th as `count` says.
   * @throws TrunklineError `TL_TEST_FAILED` when it has not come in time
   */
  async waitFor(fits: (item: T) => boolean, what: string, options: WaitOptions = {}): Promise<T> {
    const { timeoutMs = defaultTimeoutMs, count = 1 } = options;
    const found = () => this.#items.filter(fits)[count - 1];
    const there = found();
    if (there !== undefined) return there;
    const outcome = deferred<T>();
    const waiting = { found, outcome };
    this.#waiting.push(waiting);
    if ((await within(outcome.promise, timeoutMs)) === "late") {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      throw testFailure(
        `${what} did not come within ${timeoutMs} ms${count > 1 ? `, ${count} times` : ""}. ${this.#story()}`,
      );
    }
    return outcome.promise;
  }

  #story(): string {
    if (this.#items.length === 0) return "Nothing came.";
    const last = this.#items.slice(-shownArrivals).map(this.#describe).join(", ");
    return this.#items.length > shownArrivals ? `The last that came: ${last}.` : `What came: ${last}.`;
  }
}
