import type { LLMContext } from "../frames/index.ts";
import { LLMAssistantAggregator } from "./assistant-aggregator.ts";
import { LLMUserAggregator } from "./user-aggregator.ts";

/** The two aggregators of one conversation. */
export interface ContextAggregators {
  /** Stands before the model. */
  readonly user: LLMUserAggregator;
  /** Stands behind the transport's output. */
  readonly assistant: LLMAssistantAggregator;
}

/** Builds the two processors that keep a conversation: `[input, user, model or bridge, output, assistant]`. */
export function createContextAggregators(context: LLMContext): ContextAggregators {
  return { user: new LLMUserAggregator(context), assistant: new LLMAssistantAggregator(context) };
}
