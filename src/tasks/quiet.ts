/** Still rejects for who awaits it, and is no unhandled rejection for who does not. */
export function quiet(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}
