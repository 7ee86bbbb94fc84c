import type { EventQueue } from "./event-queue.ts";
import type { Ending, Exchange } from "./exchange.ts";
import { TaskGroupError } from "./task-error.ts";
import type { TaskEvent, TaskGroupEvent } from "./task-event.ts";

/**
 * Work that was asked for.
 *
 * Await it for the outcome; iterate it for what is said on the way. Either may be left out: an outcome nobody awaits
 * is no unhandled rejection. Events are kept from the first one on, 65,536 of them or about 8 MiB unread, 32 MiB while
 * it is iterated; beyond that iterating throws `TL_QUEUE_FULL`. Iterating ends when the work does, however it ended.
 * Each event is handed out once.
 */
export interface Run<Outcome, Event> extends PromiseLike<Outcome>, AsyncIterable<Event>, AsyncDisposable {
  /** The same in every message about this work. */
  readonly id: string;
  readonly agentNames: readonly string[];
  catch<T = never>(onRejected?: ((error: unknown) => T | PromiseLike<T>) | null): Promise<Outcome | T>;
  finally(onFinally?: (() => void) | null): Promise<Outcome>;
  /** Ends it and tells who has not answered. Does nothing once it has ended. Default reason `"cancelled"`. */
  cancel(reason?: string): void;
  /** Asks who has not answered how far they are; they may answer with an update. */
  requestUpdate(): Promise<void>;
  /** Cancels what is unfinished. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Work asked of one agent: its response, or a `TaskError`. */
export type TaskRun<R = unknown> = Run<R, TaskEvent>;

/** Work asked of several agents: their responses by agent name, or a `TaskGroupError`. */
export type TaskGroupRun<R = unknown> = Run<Readonly<Record<string, R>>, TaskGroupEvent>;

/** The face of an {@link Exchange}. */
export class ExchangeRun<Outcome, Event extends TaskEvent> implements Run<Outcome, Event> {
  readonly #exchange: Exchange;
  readonly #events: EventQueue<Event>;
  readonly #outcome: Promise<Outcome>;

  constructor(exchange: Exchange, events: EventQueue<Event>, outcomeOf: (ending: Ending) => Outcome) {
    this.#exchange = exchange;
    this.#events = events;
    this.#outcome = exchange.ending.then(outcomeOf);
    this.#outcome.catch(() => undefined);
  }

  get id(): string {
    return this.#exchange.id;
  }

  get agentNames(): readonly string[] {
    return this.#exchange.agentNames;
  }

  // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its outcome
  then<T = Outcome, U = never>(
    onFulfilled?: ((outcome: Outcome) => T | PromiseLike<T>) | null,
    onRejected?: ((error: unknown) => U | PromiseLike<U>) | null,
  ): Promise<T | U> {
    return this.#outcome.then(onFulfilled, onRejected);
  }

  catch<T = never>(onRejected?: ((error: unknown) => T | PromiseLike<T>) | null): Promise<Outcome | T> {
    return this.#outcome.catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<Outcome> {
    return this.#outcome.finally(onFinally);
  }

  cancel(reason?: string): void {
    this.#exchange.cancel(reason);
  }

  requestUpdate(): Promise<void> {
    return this.#exchange.requestUpdate();
  }

  [Symbol.asyncIterator](): AsyncIterator<Event, void, undefined> {
    return this.#events.read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#exchange.cancel("scope exited");
  }
}

/** What `await task(…)` gives. */
export function responseOf<R>(ending: Ending): R {
  for (const error of ending.errors.values()) throw error;
  const [response] = ending.responses.values();
  return response as R;
}

/** What `await taskGroup(…)` gives. */
export function responsesOf<R>(ending: Ending): Readonly<Record<string, R>> {
  const responses = Object.fromEntries(ending.responses) as Record<string, R>;
  if (ending.reason === undefined) return responses;
  throw new TaskGroupError({
    taskId: ending.taskId,
    reason: ending.reason,
    errors: Object.fromEntries(ending.errors),
    responses,
    cause: ending.cause,
  });
}
