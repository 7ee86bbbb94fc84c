import { type BusMessage, BusTaskCancelMessage } from "../bus/index.ts";
import { TrunklineError } from "../errors.ts";
import { longestTimeoutMs } from "../util/index.ts";
import { EventQueue } from "./event-queue.ts";
import { type Ending, Exchange, type ExchangeOptions } from "./exchange.ts";
import type { TaskEvent, TaskGroupEvent } from "./task-event.ts";
import { newTaskId } from "./task-id.ts";
import type { TaskPort } from "./task-port.ts";
import { taskReplyOf } from "./task-reply.ts";
import { ExchangeRun, responseOf, responsesOf, type TaskGroupRun, type TaskRun } from "./task-run.ts";
import { refuseNoSchema, type SchemaOutput, type TaskSchema } from "./task-schema.ts";

/** What is asked of an agent, and how long it may take. */
export interface TaskOptions {
  /** Which of the agent's handlers is meant. Default: its `default` handler. */
  readonly name?: string | undefined;
  /** What the handler gets. Default: `undefined`. */
  readonly payload?: unknown;
  /**
   * Milliseconds for all of it: waiting until the agent is ready, and its work. At most 2,147,483,647. Default: no
   * limit, and no timer.
   */
  readonly timeoutMs?: number | undefined;
  /** Cancels the work when it fires. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** What is asked of several agents, and when the group is over. */
export interface TaskGroupOptions extends TaskOptions {
  /**
   * True: the first member that does not complete ends the group, and the others are cancelled. False: every member's
   * answer is waited for. The group fails either way. Default true.
   */
  readonly cancelOnError?: boolean | undefined;
  /** True: a cancel message from an agent that is no member ends the group. Default true. */
  readonly cancellable?: boolean | undefined;
}

/** Options of a task whose completed response is checked, and typed, by a schema. */
export interface TypedTaskOptions<S extends TaskSchema> extends TaskOptions {
  /** What the response has to fit; the outcome is what the schema makes of it. One that does not fit is a `TaskError`. */
  readonly responseSchema: S;
}

/** Options of a group whose members' completed responses are checked, and typed, by a schema. */
export interface TypedTaskGroupOptions<S extends TaskSchema> extends TaskGroupOptions {
  /** What each response has to fit. A member whose response does not has not completed. */
  readonly responseSchema: S;
}

export interface TaskRequesterOptions {
  readonly port: TaskPort;
  /** Resolves when the agent of that name is ready; rejects with the signal's reason when aborted. */
  whenReady(agentName: string, signal: AbortSignal): Promise<void>;
}

type Options = TaskOptions & Partial<TypedTaskOptions<TaskSchema>>;
type Asked = Pick<ExchangeOptions, "agentNames" | "cancelOnError" | "onEvent">;

interface OpenExchange {
  readonly exchange: Exchange;
  readonly cancellable: boolean;
}

/** The side of an agent that asks others for work. */
export class TaskRequester {
  readonly #options: TaskRequesterOptions;
  readonly #open = new Map<string, OpenExchange>();
  readonly #runs = new Map<string, TaskGroupRun | TaskRun>();
  #stopped: string | undefined;
  #ignored = 0;
  #eventsLost = 0;
  readonly #onLost = (count: number): void => {
    this.#eventsLost += count;
  };

  constructor(options: TaskRequesterOptions) {
    this.#options = options;
  }

  /** Open requests by task id. */
  get groups(): ReadonlyMap<string, TaskGroupRun | TaskRun> {
    return this.#runs;
  }

  /** Messages passed over: from an agent that was not asked, or after the end. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Events let go because too many of their task, or too large ones, were unread. */
  get eventsLost(): number {
    return this.#eventsLost;
  }

  /**
   * Asks an agent for work, once it is ready.
   * @throws TrunklineError `TL_INVALID_OPTION` for a timeout that is no number of milliseconds, or for no schema
   */
  task<S extends TaskSchema>(agentName: string, options: TypedTaskOptions<S>): TaskRun<SchemaOutput<S>>;
  task<R = unknown>(agentName: string, options?: TaskOptions): TaskRun<R>;
  task<R>(agentName: string, options: Options = {}): TaskRun<R> {
    const events = new EventQueue<TaskEvent>(this.#onLost);
    const onEvent = (_: string, event: TaskEvent) => events.push(event);
    const asked: Asked = { agentNames: [agentName], cancelOnError: true, onEvent };
    return this.#ask(asked, options, false, events, responseOf<R>);
  }

  /**
   * Asks several agents for the same work, each once it is ready. No agents, no work: the outcome is `{}`.
   * @throws TrunklineError `TL_INVALID_OPTION` for a name given twice, a timeout that is no number of milliseconds, or for no
   * schema
   */
  taskGroup<S extends TaskSchema>(
    agentNames: readonly string[],
    options: TypedTaskGroupOptions<S>,
  ): TaskGroupRun<SchemaOutput<S>>;
  taskGroup<R = unknown>(agentNames: readonly string[], options?: TaskGroupOptions): TaskGroupRun<R>;
  taskGroup<R>(agentNames: readonly string[], options: Options & TaskGroupOptions = {}): TaskGroupRun<R> {
    refuseDuplicates(agentNames);
    const events = new EventQueue<TaskGroupEvent>(this.#onLost);
    const onEvent = (agentName: string, event: TaskEvent) => events.push({ agentName, ...event });
    const asked: Asked = { agentNames: [...agentNames], cancelOnError: options.cancelOnError ?? true, onEvent };
    return this.#ask(asked, options, options.cancellable ?? true, events, responsesOf<R>);
  }

  /** Takes a reply, or a request to cancel a group. True when the message was for this side. */
  handle(message: BusMessage): boolean {
    if (message.target !== this.#options.port.name) return false;
    const reply = taskReplyOf(message);
    if (reply === undefined) return message instanceof BusTaskCancelMessage && this.#handleCancel(message);
    if (!this.#open.get(reply.taskId)?.exchange.receive(reply)) this.#ignored += 1;
    return true;
  }

  /** These agents can no longer be reached: what they were asked for, and have not answered, fails with the reason. */
  agentsGone(names: readonly string[], reason: string): void {
    this.agentsLeaving(names)(reason);
  }

  /** The same in two steps: fails what they have been asked for by now, not what their successors are asked for later. */
  agentsLeaving(names: readonly string[]): (reason: string) => void {
    const exchanges = [...this.#open.values()].map(({ exchange }) => exchange);
    return (reason) => {
      for (const exchange of exchanges) for (const name of names) exchange.memberGone(name, reason);
    };
  }

  /** Cancels what is open, tells the workers, and refuses what is asked later. */
  stop(reason: string): void {
    this.#stopped ??= reason;
    for (const { exchange } of [...this.#open.values()]) exchange.cancel(reason);
  }

  #ask<Outcome, Event extends TaskEvent>(
    asked: Asked,
    options: Options,
    cancellable: boolean,
    events: EventQueue<Event>,
    outcomeOf: (ending: Ending) => Outcome,
  ): ExchangeRun<Outcome, Event> {
    const { name: taskName, payload, timeoutMs, signal, responseSchema } = options;
    refuseTimeout(timeoutMs);
    refuseNoSchema("responseSchema", responseSchema);
    const id = newTaskId();
    const onEnd = () => {
      this.#open.delete(id);
      this.#runs.delete(id);
      events.close();
    };
    const { port } = this.#options;
    const whenReady = (agentName: string, until: AbortSignal) => this.#options.whenReady(agentName, until);
    const question = { ...asked, id, taskName, payload, timeoutMs, signal, responseSchema };
    const exchange = new Exchange({ ...question, port, whenReady, onEnd });
    const run = new ExchangeRun(exchange, events, outcomeOf);
    this.#open.set(id, { exchange, cancellable });
    this.#runs.set(id, run as ExchangeRun<unknown, TaskEvent>);
    if (this.#stopped === undefined) exchange.start();
    else exchange.cancel(this.#stopped);
    return run;
  }

  #handleCancel(message: BusTaskCancelMessage): boolean {
    const open = this.#open.get(message.taskId);
    // What this agent cancels is meant for its own worker's side.
    if (open === undefined || message.source === this.#options.port.name) return false;
    // A member speaks for itself only: it answers "cancelled".
    if (open.cancellable && !open.exchange.agentNames.includes(message.source)) open.exchange.cancel(message.reason);
    else this.#ignored += 1;
    return true;
  }
}

function refuseDuplicates(agentNames: readonly string[]): void {
  const twice = agentNames.find((name, index) => agentNames.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new TrunklineError(
    "TL_INVALID_OPTION",
    `"${twice}" is in this task group twice. An agent answers once, so name each agent once.`,
  );
}

function refuseTimeout(timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || (timeoutMs >= 0 && timeoutMs <= longestTimeoutMs)) return;
  throw new TrunklineError(
    "TL_INVALID_OPTION",
    `timeoutMs is ${timeoutMs}. Give 0 to ${longestTimeoutMs} milliseconds, or leave it out for no limit.`,
  );
}
