import { isSpecificMessage, type LLMContextMessage } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";

/**
 * Brings a tool's result into a conversation: in the place of what stands there for it, else at the end. A result whose
 * call is not there is left out.
 */
export function addToolResult(messages: LLMContextMessage[], toolCallId: string, content: string): void {
  // The last ones of that id: some models count their calls anew in every answer.
  const called = messages.findLastIndex((message) => calls(message, toolCallId));
  if (called === -1) return;
  const result: LLMContextMessage = { role: "tool", tool_call_id: toolCallId, content };
  const standsAt = messages.findLastIndex((message) => answers(message, toolCallId));
  if (standsAt > called) messages[standsAt] = result;
  else messages.push(result);
}

// What a peer put into a conversation need not be a message at all.
function calls(message: LLMContextMessage, toolCallId: string): boolean {
  if (!isRecord(message) || isSpecificMessage(message)) return false;
  const { tool_calls: made } = message as { readonly tool_calls?: unknown };
  return Array.isArray(made) && made.some((call: unknown) => isRecord(call) && call.id === toolCallId);
}

function answers(message: LLMContextMessage, toolCallId: string): boolean {
  if (!isRecord(message) || isSpecificMessage(message)) return false;
  return message.role === "tool" && message.tool_call_id === toolCallId;
}
