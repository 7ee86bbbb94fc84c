import type { TaskHandler, TaskRequest } from "./task-request.ts";
import { checkValue, refuseNoSchema, type SchemaInput, type SchemaOutput, type TaskSchema } from "./task-schema.ts";
import { TypedTask } from "./typed-task.ts";

/** What a handler takes and gives. */
export interface TaskSchemas<P extends TaskSchema = TaskSchema, R extends TaskSchema = TaskSchema> {
  /** What the handler takes; it gets what the schema makes of it. Default: anything. */
  readonly payload?: P | undefined;
  /** What the handler answers; what the schema makes of it is sent. Default: anything. */
  readonly response?: R | undefined;
}

/**
 * A handler whose payload and response are checked, and typed, by schemas.
 *
 * A payload that does not fit is refused with status `failed` before the handler begins. A response that does not fit is
 * answered with status `error`; so is any task when a schema throws. What `task.respond` is given is checked too, unless
 * its status is another than `completed`; updates and the pieces of a stream are not.
 * @throws TrunklineError `TL_INVALID_OPTION` for what is no schema
 */
export function taskHandler<P extends TaskSchema = TaskSchema, R extends TaskSchema = TaskSchema>(
  schemas: TaskSchemas<P, R>,
  handler: TaskHandler<SchemaOutput<P>, SchemaInput<R>>,
): TaskHandler<unknown, SchemaOutput<R>> {
  const { payload, response } = schemas;
  refuseNoSchema("payload", payload);
  refuseNoSchema("response", response);
  return async (task) => {
    const taken = payload === undefined ? task.payload : await take(payload, task);
    if (taken === refused) return undefined as SchemaOutput<R>;
    // It may have been cancelled while an asynchronous schema was at work.
    task.signal.throwIfAborted();
    const typed = new TypedTask<SchemaOutput<P>>(task, taken as SchemaOutput<P>, response);
    try {
      return (await typed.answer(await handler(typed))) as SchemaOutput<R>;
    } catch (error) {
      await typed.settled();
      throw error;
    }
  };
}

const refused = Symbol("refused");

async function take(schema: TaskSchema, task: TaskRequest): Promise<unknown> {
  const checked = await checkValue(schema, task.payload);
  if (checked.fits) return checked.value;
  void task.respond({ error: `The payload does not fit: ${checked.flaws}` }, { status: "failed" });
  return refused;
}
