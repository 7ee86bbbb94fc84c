import {
  type BusMessage,
  BusTaskCancelMessage,
  BusTaskRequestMessage,
  BusTaskUpdateRequestMessage,
} from "../bus/index.ts";
import { EarlyCancels } from "./early-cancels.ts";
import { OpenTask, type OpenTaskOwner } from "./open-task.ts";
import type { TaskPort } from "./task-port.ts";
import type { TaskHandler, TaskHandlers, TaskRequest } from "./task-request.ts";

export interface TaskWorkerOptions {
  readonly port: TaskPort;
  /** Looked up per request: by task name, else `default`. */
  handlers(): TaskHandlers;
  /** Called for every request, before its handler; it may answer instead. */
  onRequest(task: TaskRequest): void | Promise<void>;
  /**
   * True when somebody beside `handlers()` may answer: then a request without a handler stays open instead of being
   * refused with status `error`.
   */
  answersByHand(): boolean;
  /** How many tasks may be open; a request beyond that is refused with status `failed`. Default 65,536. */
  readonly maxActive?: number | undefined;
}

const defaultMaxActive = 65_536;

/**
 * The side of an agent that is asked for work.
 *
 * 1. Every request gets exactly one answer, unless its requester is gone.
 * 2. Only the requester of a task can cancel it or ask for an update.
 * 3. A cancel that comes before its request is kept for it, and the work is not begun.
 * 4. Handlers run beside each other and hold up no message; {@link sequential} makes one wait for itself.
 */
export class TaskWorker {
  readonly #options: TaskWorkerOptions;
  readonly #active = new Map<string, OpenTask>();
  readonly #earlyCancels = new EarlyCancels();
  readonly #owner: OpenTaskOwner;
  #stopped: string | undefined;
  #ignored = 0;
  #refused = 0;

  constructor(options: TaskWorkerOptions) {
    this.#options = options;
    this.#owner = {
      port: options.port,
      ended: (task) => {
        if (this.#active.get(task.taskId) === task) this.#active.delete(task.taskId);
      },
      ignored: () => {
        this.#ignored += 1;
      },
    };
  }

  /** Tasks that have not been answered, by task id. */
  get active(): ReadonlyMap<string, TaskRequest> {
    return this.#active;
  }

  /** Passed over: answers after the first, and messages of agents that are not the requester. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Requests refused because too many were open. */
  get refused(): number {
    return this.#refused;
  }

  /** Cancels let go because too many had come before their requests. */
  get cancelsDropped(): number {
    return this.#earlyCancels.dropped;
  }

  /** Takes a request, a cancel or a request for an update. True when the message was for this side. */
  handle(message: BusMessage): boolean {
    if (!("taskId" in message) || message.target !== this.#options.port.name) return false;
    if (message instanceof BusTaskRequestMessage) this.#handleRequest(message);
    else if (message instanceof BusTaskCancelMessage) this.#handleCancel(message);
    else if (message instanceof BusTaskUpdateRequestMessage) this.#handleUpdateRequest(message);
    else return false;
    return true;
  }

  /** These agents can no longer be reached: the signals of their tasks fire, and nobody is answered. */
  requesterGone(names: readonly string[]): void {
    this.requestersLeaving(names)();
  }

  /** The same in two steps: abandons what they have asked for by now, not what their successors ask for later. */
  requestersLeaving(names: readonly string[]): () => void {
    const tasks = [...this.#active.values()].filter(({ requester }) => names.includes(requester));
    return () => {
      for (const task of tasks) task.abandon("requester gone");
    };
  }

  /** Fires every signal and answers `cancelled`, then and to requests that come later. Resolves when that is sent. */
  async stop(reason: string): Promise<void> {
    this.#stopped ??= reason;
    await Promise.all([...this.#active.values()].map((task) => task.cancel(reason)));
  }

  #handleRequest(message: BusTaskRequestMessage): void {
    const other = this.#active.get(message.taskId);
    // The same request again: its one answer is still to come.
    if (other?.requester === message.source) {
      this.#ignored += 1;
      return;
    }
    const task = new OpenTask(message, this.#owner);
    const maxActive = this.#options.maxActive ?? defaultMaxActive;
    const cancel = this.#earlyCancels.take(message.source, message.taskId);
    if (this.#stopped !== undefined) void task.cancel(this.#stopped);
    else if (cancel !== undefined) void task.cancel(cancel.reason);
    else if (other !== undefined) this.#refuse(task, "This task id is taken by another requester.");
    else if (this.#active.size < maxActive) void this.#run(task);
    else {
      this.#refused += 1;
      this.#refuse(task, `${maxActive} tasks are open already.`);
    }
  }

  #handleCancel(message: BusTaskCancelMessage): void {
    const task = this.#active.get(message.taskId);
    if (task?.requester === message.source) void task.cancel(message.reason);
    else if (task !== undefined) this.#ignored += 1;
    else this.#earlyCancels.remember(message.source, message.taskId, message.reason);
  }

  #handleUpdateRequest(message: BusTaskUpdateRequestMessage): void {
    const task = this.#active.get(message.taskId);
    if (task?.requester === message.source) task.updateRequested();
    else this.#ignored += 1;
  }

  #refuse(task: OpenTask, why: string): void {
    void task.respond({ error: why }, { status: "failed" });
  }

  async #run(task: OpenTask): Promise<void> {
    this.#active.set(task.taskId, task);
    try {
      await this.#options.onRequest(task);
      if (task.ended) return;
      const handler = this.#handlerFor(task);
      if (handler !== undefined) await task.complete(await handler(task));
      else if (!this.#options.answersByHand()) await task.fail(this.#nobody(task));
    } catch (error) {
      await task.fail(error);
    }
  }

  #handlerFor(task: TaskRequest): TaskHandler | undefined {
    const handlers = this.#options.handlers();
    for (const name of [task.taskName, "default"]) {
      // The name comes from outside, and every object inherits a "constructor".
      if (name !== undefined && Object.hasOwn(handlers, name)) return (handlers[name] as TaskHandler).bind(handlers);
    }
    return undefined;
  }

  #nobody(task: TaskRequest): string {
    const what = task.taskName === undefined ? "without a name" : `named "${task.taskName}"`;
    return `${this.#options.port.name} has no handler for a task ${what}, and no "default" one.`;
  }
}
