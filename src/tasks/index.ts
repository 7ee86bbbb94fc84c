export { sequential } from "./sequential.ts";
export type { TaskCounters } from "./task-counters.ts";
export { TaskError, type TaskErrorInit, TaskGroupError, type TaskGroupErrorInit } from "./task-error.ts";
export type { TaskEvent, TaskGroupEvent } from "./task-event.ts";
export { type TaskSchemas, taskHandler } from "./task-handler.ts";
export type { TaskPort } from "./task-port.ts";
export type {
  TaskHandler,
  TaskHandlers,
  TaskRequest,
  TaskRequestEvents,
  TaskRespondOptions,
  TaskUpdateOptions,
} from "./task-request.ts";
export {
  type TaskGroupOptions,
  type TaskOptions,
  TaskRequester,
  type TaskRequesterOptions,
  type TypedTaskGroupOptions,
  type TypedTaskOptions,
} from "./task-requester.ts";
export type { Run, TaskGroupRun, TaskRun } from "./task-run.ts";
export type { SchemaInput, SchemaOutput, TaskSchema } from "./task-schema.ts";
export { TaskWorker, type TaskWorkerOptions } from "./task-worker.ts";
