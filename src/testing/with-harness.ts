import { messageOf } from "../errors.ts";

/** What ends, and fails the test when something is wrong then. */
export interface EndingHarness {
  /** Ends what runs, and throws if something is amiss. */
  end(): Promise<void>;
}

/**
 * Runs the body of a test with a harness and ends the harness, whatever the body did: for where there is no
 * `await using`, and for errors that are easier to read.
 * @throws what the body throws, or what the harness finds at its end; an `AggregateError` that tells both
 */
export async function withHarness<H extends EndingHarness, T>(
  starting: H | Promise<H>,
  body: (h: H) => T | Promise<T>,
): Promise<T> {
  const h = await starting;
  let result: T;
  try {
    result = await body(h);
  } catch (error) {
    const [ending] = await Promise.allSettled([h.end()]);
    if (ending.status === "fulfilled") throw error;
    throw new AggregateError([error, ending.reason], `${messageOf(error)}\n${messageOf(ending.reason)}`);
  }
  await h.end();
  return result;
}
