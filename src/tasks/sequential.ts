import { done } from "../util/index.ts";
import type { TaskHandler } from "./task-request.ts";

/**
 * A handler that takes its tasks one at a time, in the order they came.
 *
 * Every call gives a handler with a queue of its own. A task that is cancelled while it waits is not begun; one that
 * is cancelled at work holds up the next until it has returned.
 */
export function sequential<P, R>(handler: TaskHandler<P, R>): TaskHandler<P, R> {
  let last: Promise<unknown> = done;
  return (task) => {
    const mine = last.then(() => {
      task.signal.throwIfAborted();
      return handler(task);
    });
    last = mine.catch(() => undefined);
    return mine;
  };
}
