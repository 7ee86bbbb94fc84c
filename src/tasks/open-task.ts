import {
  type BusMessage,
  type BusTaskRequestMessage,
  BusTaskResponseMessage,
  BusTaskResponseUrgentMessage,
  BusTaskStreamDataMessage,
  BusTaskStreamEndMessage,
  BusTaskStreamStartMessage,
  BusTaskUpdateMessage,
  BusTaskUpdateUrgentMessage,
  type TaskStatus,
} from "../bus/index.ts";
import { messageOf, TrunklineError } from "../errors.ts";
import { Emitter, type EventHandler, quiet } from "../util/index.ts";
import { TaskError } from "./task-error.ts";
import type { TaskPort } from "./task-port.ts";
import type { TaskRequest, TaskRequestEvents, TaskRespondOptions, TaskUpdateOptions } from "./task-request.ts";

/** Who keeps the task while it is open. */
export interface OpenTaskOwner {
  readonly port: TaskPort;
  ended(task: OpenTask): void;
  /** An answer came after the first one. */
  ignored(): void;
}

/**
 * A task from its request to its answer.
 *
 * 1. Exactly one answer is sent, the first; none when the requester is gone.
 * 2. Nothing is sent after the answer.
 * 3. An answer that cannot be sent is replaced by one that says so.
 */
export class OpenTask implements TaskRequest {
  readonly taskId: string;
  readonly taskName: string | undefined;
  readonly requester: string;
  readonly payload: unknown;
  readonly #owner: OpenTaskOwner;
  // Most tasks are never watched: both are made when first asked for.
  #controller: AbortController | undefined;
  #events: Emitter<TaskRequestEvents> | undefined;
  #streaming = false;
  #ended = false;

  constructor(message: BusTaskRequestMessage, owner: OpenTaskOwner) {
    this.taskId = message.taskId;
    this.taskName = message.taskName;
    this.requester = message.source;
    this.payload = message.payload;
    this.#owner = owner;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  get ended(): boolean {
    return this.#ended;
  }

  update(update: unknown, options: TaskUpdateOptions = {}): Promise<void> {
    if (this.#ended) return this.#refuse();
    const init = { ...this.#address(), update };
    return quiet(this.#send(options.urgent ? new BusTaskUpdateUrgentMessage(init) : new BusTaskUpdateMessage(init)));
  }

  streamStart(data?: unknown): Promise<void> {
    if (this.#ended) return this.#refuse();
    if (this.#streaming) {
      const message = `The stream of task ${this.taskId} has begun already. Call streamStart before the first stream(), and once.`;
      return quiet(Promise.reject(new TrunklineError("TL_STREAM_BEGUN", message)));
    }
    this.#streaming = true;
    return quiet(this.#send(new BusTaskStreamStartMessage({ ...this.#address(), data })));
  }

  stream(data: unknown): Promise<void> {
    if (this.#ended) return this.#refuse();
    const started = this.#streaming ? undefined : this.#send(new BusTaskStreamStartMessage(this.#address()));
    this.#streaming = true;
    const sent = this.#send(new BusTaskStreamDataMessage({ ...this.#address(), data }));
    return quiet(started === undefined ? sent : Promise.all([started, sent]).then(() => undefined));
  }

  respond(response?: unknown, options: TaskRespondOptions = {}): Promise<void> {
    if (this.#ended) return this.#refuse();
    return quiet(this.#answer(options.status ?? "completed", response, options.urgent ?? false));
  }

  on<E extends keyof TaskRequestEvents>(event: E, handler: EventHandler<TaskRequestEvents[E]>): () => void {
    return this.#emitter().on(event, handler);
  }

  once<E extends keyof TaskRequestEvents>(event: E, handler: EventHandler<TaskRequestEvents[E]>): () => void {
    return this.#emitter().once(event, handler);
  }

  /** The requester would like an update. */
  updateRequested(): void {
    void this.#events?.emit("updateRequested", undefined);
  }

  /** The handler has returned. Never rejects. */
  async complete(response: unknown): Promise<void> {
    if (!this.#ended) await this.#answer("completed", response, false).catch(() => undefined);
    else if (response !== undefined) this.#owner.ignored();
  }

  /** The handler has thrown, or there is none. Never rejects. */
  async fail(error: unknown): Promise<void> {
    if (!this.#ended) await this.#answer("error", { error: messageOf(error) }, false).catch(() => undefined);
    // Work that was called off fails as it should; after an answer nobody else would hear of the error.
    else if (!this.#controller?.signal.aborted) this.#owner.port.report(error);
  }

  /** Nobody wants it any more: fires the signal, whose listeners may answer, and answers if they have not. */
  async cancel(reason: string | undefined): Promise<void> {
    if (this.#ended) return;
    this.#abort(reason);
    if (this.#ended) return;
    await this.#answer("cancelled", reason === undefined ? undefined : { reason }, false).catch(() => undefined);
  }

  /** Nobody could hear an answer: fires the signal and answers nobody. */
  abandon(reason: string): void {
    if (this.#ended) return;
    this.#end();
    this.#abort(reason);
  }

  async #answer(status: TaskStatus, response: unknown, urgent: boolean): Promise<void> {
    this.#end();
    try {
      await this.#send(this.#lastWord(status, response, urgent));
    } catch (error) {
      await this.#answerUnsent(error);
      throw error;
    }
  }

  // Urgent, since what stopped the answer may be the requester's full queue.
  async #answerUnsent(error: unknown): Promise<void> {
    const response = { error: `The answer could not be sent: ${messageOf(error)}` };
    try {
      await this.#send(new BusTaskResponseUrgentMessage({ ...this.#address(), status: "error", response }));
    } catch {
      this.#owner.port.report(error);
    }
  }

  #lastWord(status: TaskStatus, response: unknown, urgent: boolean): BusMessage {
    if (urgent) return new BusTaskResponseUrgentMessage({ ...this.#address(), status, response });
    if (this.#streaming && status === "completed") {
      return new BusTaskStreamEndMessage({ ...this.#address(), data: response });
    }
    return new BusTaskResponseMessage({ ...this.#address(), status, response });
  }

  #end(): void {
    this.#ended = true;
    this.#events?.clear();
    this.#owner.ended(this);
  }

  #abort(reason = "cancelled"): void {
    this.#controller ??= new AbortController();
    const agentName = this.#owner.port.name;
    this.#controller.abort(new TaskError({ taskId: this.taskId, agentName, status: "cancelled", reason }));
  }

  #refuse(): Promise<void> {
    this.#owner.ignored();
    const message = `Task ${this.taskId} of ${this.requester} has ended, so nothing more is sent. Stop when task.signal fires.`;
    return quiet(Promise.reject(new TrunklineError("TL_TASK_UNKNOWN", message)));
  }

  async #send(message: BusMessage): Promise<void> {
    await this.#owner.port.send(message);
  }

  #address(): { source: string; target: string; taskId: string } {
    return { source: this.#owner.port.name, target: this.requester, taskId: this.taskId };
  }

  #emitter(): Emitter<TaskRequestEvents> {
    this.#events ??= new Emitter((error) => this.#owner.port.report(error));
    return this.#events;
  }
}
