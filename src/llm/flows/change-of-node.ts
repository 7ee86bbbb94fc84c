import { messageOf, TrunklineError } from "../../errors.ts";
import type { LLMContextMessage } from "../../frames/index.ts";
import { summaryInTime, summaryMessage } from "../summary.ts";
import type { ContextStrategy, ResetWithSummary } from "./context-strategy.ts";
import { NodeChange } from "./node-change.ts";

export interface ChangeOfNodeOptions {
  readonly nodeName: string;
  readonly strategy: ContextStrategy;
  /** The node's own; undefined where it leaves them as they are. */
  readonly roleMessages: readonly LLMContextMessage[] | undefined;
  /** The ones of a node before it. */
  readonly keptRoleMessages: readonly LLMContextMessage[];
  readonly taskMessages: readonly LLMContextMessage[];
  /** What the agent was activated with; it stands before the node's task, whatever the strategy. */
  readonly briefing: readonly LLMContextMessage[];
  /** As the model last saw it. */
  readonly conversation: readonly LLMContextMessage[];
  /** False when others may have gone on with it since: what was not seen must not be replaced by a summary. */
  readonly conversationIsKnown: boolean;
  /** Aborts when the agent ends. */
  readonly signal: AbortSignal;
  report(error: unknown): void;
}

/**
 * What entering a node does to the conversation. Where there is nothing to summarize, or no summary in time, the
 * node's messages are appended.
 */
export async function changeOfNode(options: ChangeOfNodeOptions): Promise<NodeChange> {
  const { strategy, roleMessages, keptRoleMessages, conversation, conversationIsKnown } = options;
  const task = [...options.briefing, ...options.taskMessages];
  const role = roleMessages ?? keptRoleMessages;
  if (strategy === "reset") return new NodeChange([...role, ...task], true);
  if (strategy !== "append" && conversationIsKnown && conversation.length > 0) {
    const summary = await summaryOf(strategy, options);
    if (summary !== undefined) return new NodeChange([...role, summaryMessage(summary), ...task], true);
  }
  return new NodeChange([...(roleMessages ?? []), ...task], false, conversation);
}

async function summaryOf(strategy: ResetWithSummary, options: ChangeOfNodeOptions): Promise<string | undefined> {
  const { conversation, nodeName, signal } = options;
  const { summarize, timeoutMs } = strategy;
  try {
    const made = await summaryInTime((stop) => summarize(conversation, stop), { timeoutMs, signal });
    const summary = made?.trim();
    if (summary === "") throw new Error("it was empty");
    return summary;
  } catch (cause) {
    const message = `The conversation was kept in node "${nodeName}", for want of a summary: ${messageOf(cause)}`;
    options.report(new TrunklineError("TL_HANDLER_FAILED", message, { cause }));
    return undefined;
  }
}
