import type { Summarize } from "../summary.ts";

/** A conversation that begins anew with a summary of itself; made by {@link resetWithSummary}. */
export interface ResetWithSummary {
  readonly type: "resetWithSummary";
  readonly summarize: Summarize;
  readonly timeoutMs: number;
}

/**
 * What happens to the conversation when a node is entered.
 *
 * - `"append"`: the node's messages are added.
 * - `"reset"`: the node's messages replace it; the last role messages are kept.
 * - {@link resetWithSummary}: the same, with a summary of what was said before them.
 */
export type ContextStrategy = "append" | "reset" | ResetWithSummary;

/** How a conversation is summed up. */
export interface ResetWithSummaryOptions {
  /** How long the summary may take, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Replaces the conversation by its summary and the node's messages. Where there is no summary in time, an empty one or
 * an error, nothing is lost: the node's messages are appended.
 */
export function resetWithSummary(summarize: Summarize, options: ResetWithSummaryOptions = {}): ResetWithSummary {
  return { type: "resetWithSummary", summarize, timeoutMs: options.timeoutMs ?? 5_000 };
}
