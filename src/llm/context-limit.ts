import { TrunklineError } from "../errors.ts";
import { isSpecificMessage, type LLMContextMessage } from "../frames/index.ts";

/** Puts messages in short: a summary, or messages to stand in their place; an empty list drops them. */
export type SummarizeContext = (
  messages: readonly LLMContextMessage[],
  signal: AbortSignal,
) => string | readonly LLMContextMessage[] | Promise<string | readonly LLMContextMessage[]>;

/** How long a conversation may grow, and what is done then. One of `maxTokens` and `maxMessages` is needed. */
export interface ContextLimit {
  /** Above so many tokens, as estimated, the older messages are summarized. Default: no limit. */
  readonly maxTokens?: number | undefined;
  /** The same, counted in messages. Default: no limit. */
  readonly maxMessages?: number | undefined;
  /** How many messages at the end stay as they are, at least 1. Default 8. */
  readonly keepLast?: number | undefined;
  /** Default: a quarter of a message's characters and a little more, 1,000 for a picture. */
  readonly estimateTokens?: ((message: LLMContextMessage) => number) | undefined;
  /** Puts the older messages in short, beside the conversation. {@link summarizeWithModel} makes one of a model. */
  readonly summarize: SummarizeContext;
  /** How long that may take, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** A limit with its defaults. */
export interface CheckedContextLimit {
  readonly maxTokens: number;
  readonly maxMessages: number;
  readonly keepLast: number;
  readonly timeoutMs: number;
  readonly estimateTokens: (message: LLMContextMessage) => number;
  readonly summarize: SummarizeContext;
}

/** @throws TrunklineError `TL_INVALID_OPTION` */
export function checkedContextLimit(limit: ContextLimit): CheckedContextLimit {
  const { maxTokens = Infinity, maxMessages = Infinity, keepLast = 8, timeoutMs = 30_000, summarize } = limit;
  if (maxTokens === Infinity && maxMessages === Infinity) {
    throw new TrunklineError("TL_INVALID_OPTION", "A context limit needs maxTokens or maxMessages.");
  }
  for (const [name, value] of Object.entries({ maxTokens, maxMessages, timeoutMs, keepLast })) {
    if (!(value > 0)) {
      throw new TrunklineError("TL_INVALID_OPTION", `A context limit's ${name} must be above zero; it is ${value}.`);
    }
  }
  if (!Number.isInteger(keepLast) || keepLast >= maxMessages) {
    throw new TrunklineError(
      "TL_INVALID_OPTION",
      `A context limit's keepLast must be a whole number below maxMessages; it is ${keepLast}.`,
    );
  }
  const { estimateTokens = estimatedTokens } = limit;
  return { maxTokens, maxMessages, keepLast, timeoutMs, summarize, estimateTokens };
}

const charactersPerToken = 4;
const tokensPerMessage = 10;
const tokensPerPicture = 1_000;

function estimatedTokens(message: LLMContextMessage): number {
  if (isSpecificMessage(message)) return tokensOf(JSON.stringify(message.message) ?? "");
  const { content, tool_calls: calls } = message;
  const said = typeof content === "string" ? tokensOf(content) : sum(partsOf(content), tokensOfPart);
  return tokensPerMessage + said + (calls === undefined ? 0 : tokensOf(JSON.stringify(calls)));
}

function partsOf(content: unknown): readonly unknown[] {
  return Array.isArray(content) ? content : [];
}

function tokensOfPart(part: unknown): number {
  const text = JSON.stringify(part) ?? "";
  // Its bytes are no measure of what a picture costs.
  return text.includes('"image_url"') ? tokensPerPicture : tokensOf(text);
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}

function sum<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((total, item) => total + measure(item), 0);
}
