import type { TaskStatus } from "../bus/index.ts";
import type { EventHandler } from "../util/index.ts";

/** How an update is sent. */
export interface TaskUpdateOptions {
  /** True: overtakes data that is still queued. Default false. */
  readonly urgent?: boolean | undefined;
}

/** How an answer is sent. */
export interface TaskRespondOptions extends TaskUpdateOptions {
  /** Default `"completed"`. */
  readonly status?: TaskStatus | undefined;
}

/** What a request tells those that listen with `on`. */
export interface TaskRequestEvents {
  /** The requester would like to know how far the work is. */
  updateRequested: undefined;
}

/**
 * Work that somebody has asked this agent for.
 *
 * Its first answer counts: what the handler returns, what it throws, what `respond` is given, or a cancel. After that
 * `update`, `streamStart`, `stream` and `respond` reject with `TL_TASK_UNKNOWN`. Their promises may be left alone: a rejection that
 * nobody awaits is no unhandled one.
 */
export interface TaskRequest<P = unknown> {
  readonly taskId: string;
  /** What the requester called it, if it did. */
  readonly taskName: string | undefined;
  /** Name of the agent that asks. */
  readonly requester: string;
  readonly payload: P;
  /** Fires when nobody waits any more: cancel, timeout, this agent's stop, requester gone. Its reason is a `TaskError`. */
  readonly signal: AbortSignal;
  /** Tells the requester how far the work is. */
  update(update: unknown, options?: TaskUpdateOptions): Promise<void>;
  /**
   * Begins a stream and says what is to be known before its first piece. Only needed for that: `stream` begins one too.
   * Rejects with `TL_STREAM_BEGUN` once the stream has begun.
   */
  streamStart(data?: unknown): Promise<void>;
  /** Sends a piece of the result. The first begins the stream; the answer `completed` ends it, with the response. */
  stream(data: unknown): Promise<void>;
  /** Answers. If the response cannot be sent, the requester is told so with status `error`, and this rejects. */
  respond(response?: unknown, options?: TaskRespondOptions): Promise<void>;
  /** Adds a handler; the returned function takes it away again. */
  on<E extends keyof TaskRequestEvents>(event: E, handler: EventHandler<TaskRequestEvents[E]>): () => void;
  /** As {@link on}, for the next event alone. */
  once<E extends keyof TaskRequestEvents>(event: E, handler: EventHandler<TaskRequestEvents[E]>): () => void;
}

/** Does the work: what it returns is the response, what it throws is answered with status `error`. */
export type TaskHandler<P = unknown, R = unknown> = (task: TaskRequest<P>) => R | Promise<R>;

/** Handlers by task name; `default` takes the rest. Each may expect a payload of its own. */
export type TaskHandlers = Readonly<Record<string, TaskHandler<never>>>;
