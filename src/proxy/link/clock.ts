/** Time as the link sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Calls back once; the returned function takes it back. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
