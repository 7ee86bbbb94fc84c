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

/** Resolves to "done" when `promise` settles, or to "late" when `timeoutMs` is over first; leaves no timer behind. */
export async function within(promise: Promise<unknown>, timeoutMs: number): Promise<"done" | "late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), timeoutMs);
  });
  try {
    return await Promise.race([promise.then(() => "done" as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
