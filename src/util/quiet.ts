/** Still rejects for who awaits it, and is no unhandled rejection for who does not. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
