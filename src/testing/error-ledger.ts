import type { ErrorCode, TrunklineError } from "../errors.ts";
import { Arrivals, type WaitOptions } from "./arrivals.ts";

/** An error by its code, by its message, or by a function that knows it. */
export type ExpectedError = ErrorCode | RegExp | ((error: TrunklineError) => boolean);

interface Expectation {
  readonly what: string;
  readonly fits: (error: TrunklineError) => boolean;
}

/** The errors that were reported, and those that a test has said it expects. */
export class ErrorLedger {
  readonly #reported = new Arrivals<TrunklineError>(described);
  readonly #expectations = new Set<Expectation>();

  get all(): readonly TrunklineError[] {
    return this.#reported.all;
  }

  add(error: TrunklineError): void {
    this.#reported.add(error);
  }

  expect(expected: ExpectedError): void {
    this.#expectations.add(expectationOf(expected));
  }

  async waitFor(expected: ExpectedError, options?: WaitOptions): Promise<TrunklineError> {
    const expectation = expectationOf(expected);
    this.#expectations.add(expectation);
    try {
      return await this.#reported.waitFor(expectation.fits, `An error ${expectation.what}`, options);
    } catch (error) {
      // The test knows now; it is not told again at the end.
      this.#expectations.delete(expectation);
      throw error;
    }
  }

  /** Errors that nobody expected. */
  get unexpected(): readonly TrunklineError[] {
    return this.all.filter((error) => ![...this.#expectations].some(({ fits }) => fits(error)));
  }

  /** A sentence for each thing that is wrong. */
  get problems(): readonly string[] {
    const missing = [...this.#expectations].filter(({ fits }) => !this.all.some(fits));
    return [
      ...this.unexpected.map((error) => `Nobody expected this error: ${described(error)}.`),
      ...missing.map(({ what }) => `An error ${what} was expected and did not come.`),
    ];
  }
}

function expectationOf(expected: ExpectedError): Expectation {
  if (typeof expected === "string") return { what: expected, fits: ({ code }) => code === expected };
  if (expected instanceof RegExp) {
    return { what: `like ${expected}`, fits: ({ message }) => message.search(expected) >= 0 };
  }
  return { what: `that fits ${expected.name || "the given function"}`, fits: expected };
}

function described({ code, message }: TrunklineError): string {
  return `${code} (${message})`;
}
