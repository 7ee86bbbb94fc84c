import { TrunklineError } from "../errors.ts";

/** What fails a test, in whichever runner: an error that says what was expected and what was there. */
export function testFailure(message: string, cause?: unknown): TrunklineError {
  return new TrunklineError("TL_TEST_FAILED", message, cause === undefined ? undefined : { cause });
}
