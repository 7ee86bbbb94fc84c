import type { TaskStatus } from "../bus/index.ts";
import { TrunklineError } from "../errors.ts";

/** What a {@link TaskError} is made of. */
export interface TaskErrorInit extends ErrorOptions {
  readonly taskId: string;
  readonly agentName: string;
  readonly status: TaskStatus;
  readonly reason: string;
  readonly response?: unknown;
}

/** An agent did not complete what it was asked for. Code `TL_TASK_FAILED`. */
export class TaskError extends TrunklineError {
  readonly taskId: string;
  /** The agent that was asked. */
  readonly agentName: string;
  /** `cancelled` (also by a timeout), `failed` (also when the agent could not be reached) or `error` (it threw). */
  readonly status: TaskStatus;
  /** In a few words: `"timeout"`, `"not ready"`, what the worker threw, what `cancel` was given. */
  readonly reason: string;
  /** What the worker answered, if it did answer. */
  readonly response: unknown;

  constructor(init: TaskErrorInit) {
    super(
      "TL_TASK_FAILED",
      `${init.agentName} did not complete task ${init.taskId} (${init.status}): ${init.reason}`,
      causeOf(init),
    );
    this.name = "TaskError";
    this.taskId = init.taskId;
    this.agentName = init.agentName;
    this.status = init.status;
    this.reason = init.reason;
    this.response = init.response;
  }
}

/** What a {@link TaskGroupError} is made of. */
export interface TaskGroupErrorInit extends ErrorOptions {
  readonly taskId: string;
  readonly reason: string;
  readonly errors: Readonly<Record<string, TaskError>>;
  readonly responses: Readonly<Record<string, unknown>>;
}

/** Not every agent of a group completed its task. Code `TL_TASK_FAILED`. */
export class TaskGroupError extends TrunklineError {
  readonly taskId: string;
  /** In a few words: that of the member whose failure ended the group, `"timeout"`, or what `cancel` was given. */
  readonly reason: string;
  /** By agent name: every member that did not complete. */
  readonly errors: Readonly<Record<string, TaskError>>;
  /** By agent name: what was answered until then, also by members that failed. */
  readonly responses: Readonly<Record<string, unknown>>;

  constructor(init: TaskGroupErrorInit) {
    const names = Object.keys(init.errors).join(", ");
    super("TL_TASK_FAILED", `Task ${init.taskId} was not completed by ${names}: ${init.reason}`, causeOf(init));
    this.name = "TaskGroupError";
    this.taskId = init.taskId;
    this.reason = init.reason;
    this.errors = init.errors;
    this.responses = init.responses;
  }
}

function causeOf(options: ErrorOptions): ErrorOptions | undefined {
  return options.cause === undefined ? undefined : { cause: options.cause };
}
