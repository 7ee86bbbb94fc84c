/** Time as the link sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds that never run backwards. They may stand still while the machine sleeps. */
  now(): number;
  /** Calls back once; the returned function takes it back. */
  after(delayMs: number, callback: () => void): () => void;
  /**
   * Milliseconds by the clock on the wall, which goes on while the machine sleeps, and which may be set. Without it a
   * sleep that `now` does not see goes unnoticed.
   */
  wall?(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  wall: () => Date.now(),
};
