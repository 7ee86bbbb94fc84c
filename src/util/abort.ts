import { deferred } from "./deferred.ts";

/** A controller that follows other signals until it is released. */
export interface LinkedAbort extends Disposable {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Stops following. Long-lived signals keep no trace of it. */
  [Symbol.dispose](): void;
}

export function linkAbort(...sources: readonly (AbortSignal | undefined)[]): LinkedAbort {
  const controller = new AbortController();
  const followed: { source: AbortSignal; listener: () => void }[] = [];
  const release = () => {
    for (const { source, listener } of followed.splice(0)) source.removeEventListener("abort", listener);
  };
  const abort = (reason?: unknown) => {
    release();
    controller.abort(reason);
  };
  for (const source of sources) {
    if (source === undefined) continue;
    if (source.aborted) {
      abort(source.reason);
      break;
    }
    const listener = () => abort(source.reason);
    source.addEventListener("abort", listener, { once: true });
    followed.push({ source, listener });
  }
  return { signal: controller.signal, abort, [Symbol.dispose]: release };
}

/**
 * The promise's outcome, or what `otherwise` gives when the signal aborts first. The signal keeps no trace of it: this is
 * how to wait for something short that the end of something long may overtake. A race with a promise of that end would
 * leave a reaction on it each time.
 */
export async function unlessAborted<T, U>(
  promise: PromiseLike<T>,
  signal: AbortSignal,
  otherwise: () => U,
): Promise<T | U> {
  const aborted = deferred();
  const abort = () => aborted.resolve();
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise.then(otherwise)]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The promise's outcome, or the signal's reason when it aborts first. */
export function orAborted<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return unlessAborted(promise, signal, () => {
    throw signal.reason;
  });
}

/**
 * Resolves to "done" when `promise` settles, or to "late" when `timeoutMs` is over, or the signal aborts, first; leaves no
 * timer and no listener behind. A time beyond {@link longestTimeoutMs} counts as that.
 */
export async function within(
  promise: Promise<unknown>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<"done" | "late"> {
  const late = deferred<"late">();
  const end = () => late.resolve("late");
  const timer = setTimeout(end, Math.min(timeoutMs, longestTimeoutMs));
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted) end();
  try {
    return await Promise.race([promise.then(() => "done" as const), late.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/** The longest time a timer can wait, in milliseconds: one that is given more fires at once. */
export const longestTimeoutMs = 2_147_483_647;
