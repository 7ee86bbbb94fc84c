import type { JSONSchema7, JSONValue } from "@ai-sdk/provider";
import { messageOf, TrunklineError } from "../errors.ts";
import type { ToolSchema } from "../frames/index.ts";

/** JSON as the provider specification types it. */
export type { JSONValue };

export interface PromptText {
  type: "text";
  text: string;
}

export interface PromptFile {
  type: "file";
  /** Base64, or where the file is. */
  data: string | URL;
  mediaType: string;
}

export interface PromptToolCall {
  type: "tool-call";
  toolCallId: string;
  toolName: string;
  input: unknown;
}

export interface PromptToolResult {
  type: "tool-result";
  toolCallId: string;
  toolName: string;
  output: { type: "text"; value: string } | { type: "json"; value: JSONValue };
}

/** A message as every version of the provider specification understands it. */
export type PromptMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: (PromptText | PromptFile)[] }
  | { role: "assistant"; content: (PromptText | PromptToolCall)[] }
  | { role: "tool"; content: PromptToolResult[] };

export type PromptToolChoice = { type: "auto" | "none" | "required" } | { type: "tool"; toolName: string };

/** Options in a provider's own words, by provider. */
export type ProviderOptions = Record<string, Record<string, JSONValue>>;

/** How a model is to answer, beside what it is asked. All of it is left to the provider where it is not given. */
export interface ModelSettings {
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly providerOptions?: ProviderOptions | undefined;
  /** Sent with the request by providers that use HTTP. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The part of the specification's call options that all its versions share. */
export interface ModelCallOptions {
  prompt: PromptMessage[];
  tools?: { type: "function"; name: string; description: string; inputSchema: JSONSchema7 }[];
  toolChoice?: PromptToolChoice;
  abortSignal?: AbortSignal;
  maxOutputTokens?: number;
  temperature?: number;
  topP?: number;
  stopSequences?: string[];
  providerOptions?: ProviderOptions;
  headers?: Record<string, string | undefined>;
}

/** Any model of the AI SDK's providers. Nothing of it but `doStream` is ever called. */
export interface LanguageModel {
  /** The provider, a dot, and the kind of model: `openai.chat`. */
  readonly provider: string;
  readonly modelId: string;
  doStream(options: ModelCallOptions): PromiseLike<{ readonly stream: ReadableStream<{ readonly type: string }> }>;
}

export interface AnswerRequest {
  readonly prompt: readonly PromptMessage[];
  readonly tools: readonly ToolSchema[];
  readonly toolChoice: PromptToolChoice | undefined;
  readonly settings: ModelSettings;
  readonly signal: AbortSignal;
}

/** Tokens of one answer, as far as the provider counts them. */
export interface AnswerUsage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** What happens while a model answers. `finish` is the last one. */
export type AnswerEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | {
      readonly type: "toolCall";
      readonly toolCallId: string;
      readonly functionName: string;
      /** JSON as the model wrote it: complete, but not checked. */
      readonly argumentsText: string;
    }
  | { readonly type: "finish"; readonly reason: string; readonly usage: AnswerUsage };

/**
 * Asks the model and yields its answer piece by piece.
 * @throws TrunklineError `TL_MODEL_FAILED` when the provider reports an error; the signal's reason when it aborts
 */
export async function* streamAnswer(model: LanguageModel, request: AnswerRequest): AsyncGenerator<AnswerEvent, void> {
  const { signal } = request;
  const reader = await open(model, request);
  try {
    for (;;) {
      const { done, value } = await settled(model, reader.read(), signal);
      if (done) return;
      const event = normalize(model, value);
      if (event !== undefined) yield event;
    }
  } finally {
    // A model that ignores the signal is left to itself; nobody waits for it.
    reader.cancel().catch(() => {});
  }
}

async function open(model: LanguageModel, request: AnswerRequest): Promise<ReadableStreamDefaultReader<unknown>> {
  request.signal.throwIfAborted();
  const opening = Promise.resolve().then(() => model.doStream(callOptions(request)));
  try {
    const { stream } = await settled(model, opening, request.signal);
    return stream.getReader();
  } catch (error) {
    opening.then(
      ({ stream }) => (stream.locked ? undefined : stream.cancel().catch(() => {})),
      () => {},
    );
    throw error;
  }
}

function callOptions({ prompt, tools, toolChoice, settings, signal }: AnswerRequest): ModelCallOptions {
  const { maxOutputTokens, temperature, topP, stopSequences, providerOptions, headers } = settings;
  return {
    prompt: [...prompt],
    abortSignal: signal,
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }) => ({
        type: "function" as const,
        name,
        description,
        inputSchema: parameters as JSONSchema7,
      })),
      toolChoice: toolChoice ?? { type: "auto" },
    }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(stopSequences !== undefined && { stopSequences: [...stopSequences] }),
    ...(providerOptions !== undefined && { providerOptions }),
    ...(headers !== undefined && { headers: { ...headers } }),
  };
}

/** The promise's outcome, or the abort if that comes first: not every model listens to its signal. */
async function settled<T>(model: LanguageModel, promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([promise, aborted]);
  } catch (error) {
    throw signal.aborted ? signal.reason : failed(model, error);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function failed(model: LanguageModel, error: unknown): TrunklineError {
  if (error instanceof TrunklineError) return error;
  return new TrunklineError("TL_MODEL_FAILED", `The model ${model.modelId} did not answer: ${messageOf(error)}`, {
    cause: error,
  });
}

function normalize(model: LanguageModel, part: unknown): AnswerEvent | undefined {
  const { type, ...rest } = part as { readonly type: string } & Record<string, unknown>;
  switch (type) {
    case "text-delta":
      return { type: "text", text: String(rest.delta) };
    case "reasoning-delta":
      return { type: "reasoning", text: String(rest.delta) };
    case "tool-call":
      // What the provider runs itself is part of its answer, not ours to run again.
      if (rest.providerExecuted === true) return undefined;
      return {
        type: "toolCall",
        toolCallId: String(rest.toolCallId),
        functionName: String(rest.toolName),
        argumentsText: String(rest.input ?? ""),
      };
    case "finish":
      return { type: "finish", reason: finishReason(rest.finishReason), usage: usage(rest.usage) };
    case "error":
      throw failed(model, rest.error);
    default:
      return undefined;
  }
}

/** Version 2 gives the reason as text, later ones as `{ unified, raw }`. */
function finishReason(reason: unknown): string {
  return typeof reason === "object" && reason !== null && "unified" in reason ? String(reason.unified) : String(reason);
}

/** Version 2 gives totals, later ones totals with their parts. */
function usage(counts: unknown): AnswerUsage {
  const { inputTokens, outputTokens } = (counts ?? {}) as Record<string, unknown>;
  return { inputTokens: total(inputTokens), outputTokens: total(outputTokens) };
}

function total(count: unknown): number | undefined {
  if (typeof count === "number") return count;
  if (typeof count === "object" && count !== null && "total" in count) return total(count.total);
  return undefined;
}
