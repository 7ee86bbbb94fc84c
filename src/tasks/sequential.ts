import type { TaskHandler } from "./task-request.ts";

/**
 * A handler that takes its tasks one at a time, in the order they came.
 *
 * Every call gives a handler with a queue of its own. A task that is cancelled while it waits leaves the queue and is
 * not begun; one that is cancelled at work holds up the next until it has returned.
 */
export function sequential<P, R>(handler: TaskHandler<P, R>): TaskHandler<P, R> {
  const queue = new Queue();
  return async (task) => {
    await queue.turn(task.signal);
    try {
      // It may have been cancelled between its turn and now.
      task.signal.throwIfAborted();
      return await handler(task);
    } finally {
      queue.next();
    }
  };
}

/** Who waits for the one before. As long as the tasks that are open, and no longer. */
class Queue {
  readonly #waiting = new Set<() => void>();
  #busy = false;

  /** Resolves when it is the caller's turn; rejects, and keeps no place, when the signal fires before. */
  turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (!this.#busy) {
        this.#busy = true;
        return resolve();
      }
      const begin = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      this.#waiting.add(begin);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  /** The one whose turn it was has returned. */
  next(): void {
    const [begin] = this.#waiting;
    this.#busy = begin !== undefined;
    if (begin === undefined) return;
    this.#waiting.delete(begin);
    begin();
  }
}
