import type { LLMContext } from "../frames/index.ts";
import { LLMAssistantAggregator } from "./assistant-aggregator.ts";
import type { ContextLimit } from "./context-limit.ts";
import { ContextSummarizer } from "./context-summarizer.ts";
import { ConversationTurn } from "./conversation-turn.ts";
import { LLMUserAggregator, type LLMUserAggregatorOptions } from "./user-aggregator.ts";

/** The two aggregators of one conversation. */
export interface ContextAggregators {
  /** Stands before the model. */
  readonly user: LLMUserAggregator;
  /** Stands behind the transport's output. */
  readonly assistant: LLMAssistantAggregator;
}

/** How a conversation is kept. */
export interface ContextAggregatorsOptions extends LLMUserAggregatorOptions {
  /** How long the conversation may grow, and what is done then. Default: it grows. */
  readonly limit?: ContextLimit | undefined;
}

/**
 * Builds the two processors that keep a conversation: `[input, user, model or bridge, output, assistant]`.
 * @throws TrunklineError `TL_INVALID_OPTION` for a limit that is none
 */
export function createContextAggregators(
  context: LLMContext,
  options: ContextAggregatorsOptions = {},
): ContextAggregators {
  return aggregatorsWith(context, new ConversationTurn(), options);
}

/** The same for those who know the turn. */
export function aggregatorsWith(
  context: LLMContext,
  turn: ConversationTurn,
  { limit, lateWordsMs }: ContextAggregatorsOptions,
): ContextAggregators {
  const summarizer = limit === undefined ? undefined : new ContextSummarizer(context, limit);
  return {
    user: new LLMUserAggregator(context, { turn, summarizer, lateWordsMs }),
    assistant: new LLMAssistantAggregator(context, { turn, summarizer }),
  };
}
