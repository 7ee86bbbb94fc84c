import { messageOf } from "../errors.ts";

/** An end that comes once, whoever asks for it. */
export interface Ending extends AsyncDisposable {
  /** The same promise every time. */
  end(): Promise<void>;
}

/** Disposing ends it too, and throws nothing that {@link Ending.end} has thrown already. */
export function endingOnce(work: () => Promise<void>): Ending {
  let ended: Promise<void> | undefined;
  const end = () => {
    ended ??= work();
    return ended;
  };
  return {
    end,
    [Symbol.asyncDispose]: async () => {
      if (ended === undefined) await end();
      else await Promise.allSettled([ended]);
    },
  };
}

/** What failed of these. */
export function failuresOf(results: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
}

/** @throws the failure, or an `AggregateError` that tells all of them */
export function throwAll(failures: readonly unknown[]): void {
  if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join("\n"));
  if (failures.length === 1) throw failures[0];
}
