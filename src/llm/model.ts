import type { JSONSchema7, JSONValue } from "@ai-sdk/provider";
import type { ToolSchema } from "../frames/index.ts";
import type { RetryOptions } from "./retry.ts";

/** JSON as the provider specification types it. */
export type { JSONSchema7, JSONValue };

/** Text in a prompt. */
export interface PromptText {
  type: "text";
  text: string;
}

/** A picture, or another file, in a prompt. */
export interface PromptFile {
  type: "file";
  data: PromptFileData;
  /** As `image/png`; `image/*` where nobody knows more. */
  mediaType: string;
  filename?: string;
}

/**
 * Base64, or where the file is. A model of version 2 or 3 of the specification, and one that names no version, is given
 * the text or the URL itself, a later one the object with its `type`; so each may read it as its own version has it.
 */
export type PromptFileData = (string | URL) & ({ type: "data"; data: string } | { type: "url"; url: URL });

/** What the model thought earlier in the conversation. */
export interface PromptReasoning {
  type: "reasoning";
  text: string;
  /** The provider's seal on it. */
  providerOptions?: ProviderOptions;
}

/** A call the model made earlier in the conversation. */
export interface PromptToolCall {
  type: "tool-call";
  toolCallId: string;
  toolName: string;
  input: unknown;
}

/** What a call gave that the model made earlier in the conversation. */
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
  | { role: "assistant"; content: (PromptText | PromptReasoning | PromptToolCall)[] }
  | { role: "tool"; content: PromptToolResult[] };

/** Whether the model may call tools, must, or must call this one. */
export type PromptToolChoice = { type: "auto" | "none" | "required" } | { type: "tool"; toolName: string };

/** Options in a provider's own words, by provider. */
export type ProviderOptions = Record<string, Record<string, JSONValue>>;

/** How a model is to answer, beside what it is asked. All of it is left to the provider where it is not given. */
export interface ModelSettings {
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly presencePenalty?: number | undefined;
  /** A whole number with which some models give the same answer again. */
  readonly seed?: number | undefined;
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
  topK?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  seed?: number;
  stopSequences?: string[];
  providerOptions?: ProviderOptions;
  headers?: Record<string, string | undefined>;
}

/** Any model of the AI SDK's providers. Nothing of it but `doStream` is ever called. */
export interface LanguageModel {
  /** The version of the specification it follows: `v2`, `v3`, `v4`. Default: `v3`. */
  readonly specificationVersion?: string | undefined;
  /** The provider, a dot, and the kind of model: `openai.chat`. */
  readonly provider: string;
  readonly modelId: string;
  /** Answers a prompt, piece by piece. */
  doStream(options: ModelCallOptions): PromiseLike<{ readonly stream: ReadableStream<{ readonly type: string }> }>;
}

/** What a model is asked. */
export interface AnswerRequest {
  readonly prompt: readonly PromptMessage[];
  readonly tools: readonly ToolSchema[];
  readonly toolChoice: PromptToolChoice | undefined;
  readonly settings: ModelSettings;
  readonly signal: AbortSignal;
  /** When to ask again, and when to give up. Default: as {@link RetryOptions} has it. */
  readonly retry?: RetryOptions | undefined;
}

/** Tokens of one answer, as far as the provider counts them. */
export interface AnswerUsage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  /** Where the provider counts more than the two above. */
  readonly totalTokens: number | undefined;
  /** Of the input, what was read from the provider's cache. */
  readonly cacheReadTokens: number | undefined;
  /** Of the input, what was written to the provider's cache. */
  readonly cacheWriteTokens: number | undefined;
  /** Of the output, what was thought. */
  readonly reasoningTokens: number | undefined;
}

/** What happens while a model answers. `finish` is the last one. */
export type AnswerEvent =
  | { readonly type: "text"; readonly text: string }
  /** A thought begins; the next one may begin before its end has come. */
  | { readonly type: "reasoningStart"; readonly id: string; readonly metadata: unknown }
  /** A piece of a thought, which may be the first sign of it; text may be empty where there is metadata only. */
  | { readonly type: "reasoning"; readonly id: string; readonly text: string; readonly metadata: unknown }
  | { readonly type: "reasoningEnd"; readonly id: string; readonly metadata: unknown }
  | {
      readonly type: "toolCall";
      readonly toolCallId: string;
      readonly functionName: string;
      /** JSON as the model wrote it: complete, but not checked. */
      readonly argumentsText: string;
    }
  /** What the provider does not do as it was asked, a sentence each. */
  | { readonly type: "warnings"; readonly warnings: readonly string[] }
  | { readonly type: "finish"; readonly reason: string; readonly usage: AnswerUsage };
