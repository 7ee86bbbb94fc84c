import { messageOf } from "../errors.ts";
import { type EventHandler, quiet } from "../util/index.ts";
import type { TaskRequest, TaskRequestEvents, TaskRespondOptions, TaskUpdateOptions } from "./task-request.ts";
import { checkValue, type TaskSchema } from "./task-schema.ts";

/** A task with the payload its schema gives, whose completed response is checked before it is sent. */
export class TypedTask<P> implements TaskRequest<P> {
  readonly payload: P;
  readonly #task: TaskRequest;
  readonly #responseSchema: TaskSchema | undefined;
  #responded: Promise<void> | undefined;

  constructor(task: TaskRequest, payload: P, responseSchema: TaskSchema | undefined) {
    this.#task = task;
    this.payload = payload;
    this.#responseSchema = responseSchema;
  }

  get taskId(): string {
    return this.#task.taskId;
  }

  get taskName(): string | undefined {
    return this.#task.taskName;
  }

  get requester(): string {
    return this.#task.requester;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  update(update: unknown, options?: TaskUpdateOptions): Promise<void> {
    return this.#task.update(update, options);
  }

  streamStart(data?: unknown): Promise<void> {
    return this.#task.streamStart(data);
  }

  stream(data: unknown): Promise<void> {
    return this.#task.stream(data);
  }

  respond(response?: unknown, options: TaskRespondOptions = {}): Promise<void> {
    // The first answer counts, also while it is still being checked.
    const first = this.#responded;
    const responded = quiet(
      first === undefined
        ? this.#respond(response, options)
        : this.settled().then(() => this.#task.respond(response, options)),
    );
    this.#responded ??= responded;
    return responded;
  }

  on<E extends keyof TaskRequestEvents>(event: E, handler: EventHandler<TaskRequestEvents[E]>): () => void {
    return this.#task.on(event, handler);
  }

  once<E extends keyof TaskRequestEvents>(event: E, handler: EventHandler<TaskRequestEvents[E]>): () => void {
    return this.#task.once(event, handler);
  }

  /**
   * The response to send for what the handler has returned; after a `respond` that is only counted.
   * @throws Error for a response that does not fit
   */
  async answer(returned: unknown): Promise<unknown> {
    if (this.#responded === undefined) return this.#check(returned);
    await this.settled();
    return returned;
  }

  /** Waits for what `respond` was given: its check may take a while, and the end of the handler must not answer before it. */
  async settled(): Promise<void> {
    await this.#responded?.catch(() => undefined);
  }

  async #respond(response: unknown, options: TaskRespondOptions): Promise<void> {
    const { status = "completed" } = options;
    let checked = response;
    try {
      if (status === "completed") checked = await this.#check(response);
    } catch (error) {
      await this.#task.respond({ error: messageOf(error) }, { ...options, status: "error" });
      throw error;
    }
    await this.#task.respond(checked, options);
  }

  async #check(response: unknown): Promise<unknown> {
    if (this.#responseSchema === undefined) return response;
    const checked = await checkValue(this.#responseSchema, response);
    if (checked.fits) return checked.value;
    throw new Error(`The response does not fit: ${checked.flaws}`);
  }
}
