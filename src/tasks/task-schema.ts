import type { StandardSchemaV1 } from "@standard-schema/spec";
import { TrunklineError } from "../errors.ts";
import { isPromiseLike } from "../util/index.ts";

/** A schema of any library that speaks Standard Schema: zod, valibot, arktype and others. It may be asynchronous. */
export type TaskSchema = StandardSchemaV1;

/** What a value may be before a schema has checked it. */
export type SchemaInput<S extends TaskSchema> = StandardSchemaV1.InferInput<S>;

/** What a value is once a schema has checked it. */
export type SchemaOutput<S extends TaskSchema> = StandardSchemaV1.InferOutput<S>;

/** The value as its schema gives it, or where it does not fit, in at most some hundred characters. */
export type Checked =
  | { readonly fits: true; readonly value: unknown }
  | { readonly fits: false; readonly flaws: string };

const maxFlaws = 5;
const maxFlawsLength = 500;

/**
 * Checks a value. Gives a promise only where the schema does.
 * @throws what the schema throws; its promise rejects with what the schema's rejects with
 */
export function checkValue(schema: TaskSchema, value: unknown): Checked | PromiseLike<Checked> {
  const result = schema["~standard"].validate(value);
  return isPromiseLike(result) ? result.then(checked) : checked(result);
}

/** @throws TrunklineError `TL_INVALID_OPTION` for what is no schema */
export function refuseNoSchema(option: string, schema: TaskSchema | undefined): void {
  if (schema === undefined || typeof (schema as Partial<TaskSchema> | null)?.["~standard"]?.validate === "function") {
    return;
  }
  const message = `${option} is no Standard Schema. Give one of zod, valibot, arktype or another library that speaks it.`;
  throw new TrunklineError("TL_INVALID_OPTION", message);
}

function checked(result: StandardSchemaV1.Result<unknown>): Checked {
  if (result.issues === undefined) return { fits: true, value: result.value };
  return { fits: false, flaws: flawsOf(result.issues) };
}

// Paths and messages quote the value, and the value may come from outside: neither many nor long ones are passed on.
function flawsOf(issues: readonly StandardSchemaV1.Issue[]): string {
  const named = issues.slice(0, maxFlaws).map((issue) => {
    const path = pathOf(issue);
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
  if (issues.length > maxFlaws) named.push(`and ${issues.length - maxFlaws} more`);
  const text = named.join("; ");
  return text.length <= maxFlawsLength ? text : `${text.slice(0, maxFlawsLength)}…`;
}

function pathOf({ path = [] }: StandardSchemaV1.Issue): string {
  let text = "";
  for (const part of path) {
    const key = typeof part === "object" ? part.key : part;
    text += typeof key === "number" ? `[${key}]` : `${text === "" ? "" : "."}${String(key)}`;
    if (text.length > maxFlawsLength) break;
  }
  return text;
}
