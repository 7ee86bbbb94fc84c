import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { messageOf, TrunklineError } from "../errors.ts";
import { longestTimeoutMs } from "../util/index.ts";

/** A Standard Schema that also gives JSON Schema: zod 4.2 and later, valibot's `toStandardJsonSchema(…)`, and others. */
export interface ToolParameters<Input = unknown, Output = Input> {
  readonly "~standard": StandardSchemaV1.Props<Input, Output> & StandardJSONSchemaV1.Props<Input, Output>;
}

/** What a tool learns about the call it answers. */
export interface ToolCall {
  readonly toolCallId: string;
  readonly functionName: string;
  /** Aborts when the call is interrupted, times out, or its pipeline is cancelled. The result is then no longer wanted. */
  readonly signal: AbortSignal;
}

/** What the model is told of a tool, and what it does. */
export interface ToolOptions<Parameters extends ToolParameters> {
  /** What the tool does and when to use it, for the model. */
  readonly description: string;
  /** The arguments, an object at the top. What the model sends is validated with it. */
  readonly parameters: Parameters;
  /** Does the work. What it returns, plain JSON or nothing, is the result; what it throws is told to the model. */
  readonly execute: (args: StandardSchemaV1.InferOutput<Parameters>, call: ToolCall) => unknown;
  /** How long it may take, in milliseconds, up to 2,147,483,647. Default: as long as it likes. */
  readonly timeoutMs?: number | undefined;
  /** Whether the user ends the call by speaking over the bot. Default true. */
  readonly cancelOnInterruption?: boolean | undefined;
}

/** Something the model can do; made by {@link tool}. */
export interface Tool {
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number | undefined;
  readonly cancelOnInterruption: boolean;
  /**
   * Validates the arguments and does the work.
   * @throws TrunklineError `TL_TOOL_FAILED` when the arguments do not fit; otherwise what `execute` throws
   */
  run(args: unknown, call: ToolCall): Promise<unknown>;
}

/**
 * Describes something the model can do.
 * @throws TrunklineError `TL_INVALID_OPTION` when the parameters cannot be given as JSON Schema of an object, or for a
 * timeout that is no number of milliseconds above zero, or longer than a timer can wait
 */
export function tool<Parameters extends ToolParameters>(options: ToolOptions<Parameters>): Tool {
  const { description, parameters, execute, timeoutMs, cancelOnInterruption = true } = options;
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= longestTimeoutMs)) {
    const message = `A tool's timeoutMs must be above zero and at most ${longestTimeoutMs}; it is ${timeoutMs}. Leave it out for no limit.`;
    throw new TrunklineError("TL_INVALID_OPTION", message);
  }
  return {
    description,
    parameters: jsonSchemaOf(parameters),
    timeoutMs,
    cancelOnInterruption,
    run: async (args, call) => execute(await validated(parameters, args), call),
  };
}

function jsonSchemaOf(parameters: ToolParameters): Readonly<Record<string, unknown>> {
  const { vendor = "value", jsonSchema } = (parameters as Partial<ToolParameters> | undefined)?.["~standard"] ?? {};
  if (typeof jsonSchema?.input !== "function") {
    throw new TrunklineError(
      "TL_INVALID_OPTION",
      `A tool's parameters must give JSON Schema, which this ${vendor} schema does not. Use zod 4.2 or later, or the converter of your library.`,
    );
  }
  const { $schema: _, ...schema } = converted(jsonSchema);
  if (schema.type !== "object") {
    throw new TrunklineError("TL_INVALID_OPTION", "A tool's parameters must be an object schema at the top.");
  }
  return schema;
}

function converted(jsonSchema: StandardJSONSchemaV1.Converter): Record<string, unknown> {
  try {
    return jsonSchema.input({ target: "draft-07" });
  } catch (error) {
    throw new TrunklineError(
      "TL_INVALID_OPTION",
      `A tool's parameters cannot be given as JSON Schema: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function validated<Parameters extends ToolParameters>(
  parameters: Parameters,
  args: unknown,
): Promise<StandardSchemaV1.InferOutput<Parameters>> {
  const result = await parameters["~standard"].validate(args);
  if (result.issues === undefined) return result.value as StandardSchemaV1.InferOutput<Parameters>;
  throw new TrunklineError("TL_TOOL_FAILED", `The arguments do not fit: ${result.issues.map(described).join("; ")}`);
}

function described({ path, message }: StandardSchemaV1.Issue): string {
  const where = (path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join(".");
  return where === "" ? message : `${where}: ${message}`;
}
