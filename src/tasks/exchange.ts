import {
  BusTaskCancelMessage,
  BusTaskRequestMessage,
  BusTaskUpdateRequestMessage,
  type TaskStatus,
} from "../bus/index.ts";
import { messageOf } from "../errors.ts";
import { deferred, isPromiseLike } from "../util/index.ts";
import { TaskError } from "./task-error.ts";
import type { TaskEvent } from "./task-event.ts";
import type { TaskPort } from "./task-port.ts";
import { reasonOf, type TaskAnswer, type TaskReply } from "./task-reply.ts";
import { type Checked, checkValue, type TaskSchema } from "./task-schema.ts";

/** How an exchange ended; `reason` is there when it was not completed. Maps are in the order of the members. */
export interface Ending {
  readonly taskId: string;
  readonly reason: string | undefined;
  readonly cause: unknown;
  readonly errors: ReadonlyMap<string, TaskError>;
  readonly responses: ReadonlyMap<string, unknown>;
}

export interface ExchangeOptions {
  readonly id: string;
  readonly port: TaskPort;
  readonly agentNames: readonly string[];
  readonly taskName: string | undefined;
  readonly payload: unknown;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** True: the first member that does not complete ends it for all. */
  readonly cancelOnError: boolean;
  /** What a completed response has to fit. */
  readonly responseSchema: TaskSchema | undefined;
  whenReady(agentName: string, signal: AbortSignal): Promise<void>;
  onEvent(agentName: string, event: TaskEvent): void;
  onEnd(): void;
}

/** Why it ended before everybody had answered. */
interface Stop {
  readonly reason: string;
  readonly cause?: unknown;
  /** What members that are still at work are told. Default: `reason`. */
  readonly told?: string;
  /** The reason given for members that never became ready. Default: `reason`. */
  readonly notReady?: string;
}

interface Failure {
  readonly status: TaskStatus;
  readonly reason: string;
  readonly response?: unknown;
  readonly cause?: unknown;
}

/** `checking`: it has answered, and a schema is still at work on that. */
type MemberState = "waiting" | "asked" | "checking" | "answered";

/**
 * One question to one or more agents, from asking to the outcome.
 *
 * 1. It ends exactly once, and its ending is a value that never rejects.
 * 2. Only a member that has been asked and has not answered yet can add anything to it.
 * 3. One deadline holds for waiting until members are ready and for their work together.
 * 4. Once it has ended there is no timer and no listener, and who was asked and had not answered has been told.
 */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #members: Map<string, MemberState>;
  readonly #responses = new Map<string, unknown>();
  readonly #errors = new Map<string, TaskError>();
  readonly #ending = deferred<Ending>();
  readonly #ended = new AbortController();
  #open: number;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#members = new Map(options.agentNames.map((name) => [name, "waiting"]));
    this.#open = this.#members.size;
  }

  get id(): string {
    return this.#options.id;
  }

  get agentNames(): readonly string[] {
    return this.#options.agentNames;
  }

  get ending(): Promise<Ending> {
    return this.#ending.promise;
  }

  start(): void {
    const { signal, timeoutMs, agentNames } = this.#options;
    if (signal?.aborted) this.#onAbort();
    else if (agentNames.length === 0) this.#end(undefined);
    if (this.#ended.signal.aborted) return;
    signal?.addEventListener("abort", this.#onAbort);
    if (timeoutMs !== undefined) this.#deadline = setTimeout(() => this.#expire(), timeoutMs);
    for (const agentName of agentNames) void this.#ask(agentName);
  }

  /** Takes what a member says. False when it has no say, or none any more. */
  receive(reply: TaskReply): boolean {
    if (this.#ended.signal.aborted || this.#members.get(reply.agentName) !== "asked") return false;
    if (reply.event !== undefined) this.#options.onEvent(reply.agentName, reply.event);
    if (reply.answer !== undefined) this.#answer(reply.agentName, reply.answer);
    return true;
  }

  cancel(reason = "cancelled"): void {
    this.#stop({ reason });
  }

  /** The agent can no longer be reached. Does nothing unless it is a member that has not answered. */
  memberGone(agentName: string, reason: string): void {
    if (this.#members.get(agentName) === "checking") return;
    this.#fail(agentName, { status: "failed", reason });
  }

  async requestUpdate(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    const { port, id: taskId } = this.#options;
    const asked = [...this.#members].filter(([, state]) => state === "asked");
    await Promise.all(
      asked.map(([target]) => port.send(new BusTaskUpdateRequestMessage({ source: port.name, target, taskId }))),
    );
  }

  async #ask(agentName: string): Promise<void> {
    const { port, id: taskId, taskName, payload } = this.#options;
    try {
      await this.#options.whenReady(agentName, this.#ended.signal);
      if (this.#ended.signal.aborted || this.#members.get(agentName) !== "waiting") return;
      this.#members.set(agentName, "asked");
      await port.send(new BusTaskRequestMessage({ source: port.name, target: agentName, taskId, taskName, payload }));
    } catch (cause) {
      this.#fail(agentName, { status: "failed", reason: messageOf(cause), cause });
    }
  }

  #answer(agentName: string, answer: TaskAnswer): void {
    const { response, status } = answer;
    this.#responses.set(agentName, response);
    if (status !== "completed") this.#fail(agentName, { ...answer, reason: reasonOf(answer) });
    else if (this.#options.responseSchema === undefined) this.#close(agentName);
    else this.#check(agentName, this.#options.responseSchema, response);
  }

  #check(agentName: string, schema: TaskSchema, response: unknown): void {
    const misfit = (reason: string, cause?: unknown) =>
      this.#fail(agentName, { status: "error", reason, response, cause });
    const threw = (cause: unknown) => misfit(`The schema of the response failed: ${messageOf(cause)}`, cause);
    const settle = (checked: Checked) => {
      if (this.#ended.signal.aborted) return;
      if (!checked.fits) return misfit(`The response does not fit: ${checked.flaws}`);
      this.#responses.set(agentName, checked.value);
      this.#close(agentName);
    };
    this.#members.set(agentName, "checking");
    try {
      const checked = checkValue(schema, response);
      if (isPromiseLike(checked)) checked.then(settle, threw);
      else settle(checked);
    } catch (cause) {
      threw(cause);
    }
  }

  #fail(agentName: string, failure: Failure): void {
    const state = this.#members.get(agentName);
    if (this.#ended.signal.aborted || state === undefined || state === "answered") return;
    this.#errors.set(agentName, new TaskError({ taskId: this.id, agentName, ...failure }));
    this.#close(agentName);
  }

  #close(agentName: string): void {
    this.#members.set(agentName, "answered");
    this.#open -= 1;
    const [firstError] = this.#errors.values();
    if (firstError !== undefined && (this.#open === 0 || this.#options.cancelOnError)) {
      const { reason } = firstError;
      this.#stop({ reason, cause: firstError, told: `${firstError.agentName} did not complete` });
    } else if (this.#open === 0) {
      this.#end(undefined);
    }
  }

  #expire(): void {
    const notReady = [...this.#members.values()].includes("waiting");
    this.#stop({ reason: notReady ? "not ready" : "timeout", told: "timeout", notReady: "not ready" });
  }

  readonly #onAbort = (): void => {
    const cause: unknown = this.#options.signal?.reason;
    this.#stop({ reason: messageOf(cause), cause });
  };

  /** Ends it for members that have not answered too. */
  #stop(stop: Stop): void {
    if (this.#ended.signal.aborted) return;
    const { reason, cause, told = reason, notReady = told } = stop;
    for (const [agentName, state] of this.#members) {
      if (state === "answered") continue;
      const memberReason = state === "waiting" ? notReady : told;
      const outcome = { taskId: this.id, agentName, status: "cancelled", reason: memberReason, cause } as const;
      this.#errors.set(agentName, new TaskError(outcome));
      if (state === "asked") void this.#tellCancelled(agentName, told);
    }
    this.#end(stop);
  }

  #end(stop: Stop | undefined): void {
    if (this.#ended.signal.aborted) return;
    clearTimeout(this.#deadline);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#ended.abort();
    this.#options.onEnd();
    this.#ending.resolve({
      taskId: this.id,
      reason: stop?.reason,
      cause: stop?.cause,
      errors: this.#inOrder(this.#errors),
      responses: this.#inOrder(this.#responses),
    });
  }

  async #tellCancelled(target: string, reason: string): Promise<void> {
    const { port, id: taskId } = this.#options;
    try {
      await port.send(new BusTaskCancelMessage({ source: port.name, target, taskId, reason }));
    } catch (error) {
      port.report(error);
    }
  }

  #inOrder<V>(values: ReadonlyMap<string, V>): ReadonlyMap<string, V> {
    const ordered = new Map<string, V>();
    for (const name of this.#members.keys()) if (values.has(name)) ordered.set(name, values.get(name) as V);
    return ordered;
  }
}
