import { isSpecificMessage, type LLMContextMessage, type LLMStandardMessage } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import { contentText } from "./content.ts";
import { inProgressResult } from "./tool-exchange.ts";

/**
 * Which messages of a conversation a summary may stand for, by index, in order.
 *
 * 1. Neither system messages at the beginning, nor the last `keepLast`, nor messages in a provider's own form.
 * 2. A tool call and its result only together, and none that still runs.
 */
export function summarizable(messages: readonly LLMContextMessage[], keepLast: number): readonly number[] {
  const first = messages.findIndex((message) => !isStandard(message) || message.role !== "system");
  const tail = messages.length - keepLast;
  const kept = keptExchanges(messages, tail);
  const indexes: number[] = [];
  for (let index = first === -1 ? messages.length : first; index < tail; index++) {
    const message = messages[index];
    if (message !== undefined && isStandard(message) && !kept.has(index)) indexes.push(index);
  }
  return indexes;
}

/** The calls and results that must stay, because one of them is among the last messages or has no result yet. */
function keptExchanges(messages: readonly LLMContextMessage[], tail: number): ReadonlySet<number> {
  const kept = new Set<number>();
  const results = resultsById(messages);
  for (const [index, message] of messages.entries()) {
    const ids = callIds(message);
    if (ids.length === 0) continue;
    const found = ids.map((id) => takeAfter(results.get(id), index));
    const open = found.some((result) => result === undefined || result >= tail || runs(messages[result]));
    if (!open) continue;
    for (const result of found) if (result !== undefined) kept.add(result);
    kept.add(index);
  }
  return kept;
}

function resultsById(messages: readonly LLMContextMessage[]): ReadonlyMap<string, number[]> {
  const results = new Map<string, number[]>();
  // From behind: the next one is then the last of its list.
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index];
    if (message === undefined || !isStandard(message) || message.role !== "tool") continue;
    const id = message.tool_call_id ?? "";
    const indexes = results.get(id);
    if (indexes === undefined) results.set(id, [index]);
    else indexes.push(index);
  }
  return results;
}

// Some models count their calls anew in every answer: each call has the first result behind it.
function takeAfter(results: number[] | undefined, index: number): number | undefined {
  let result = results?.pop();
  while (result !== undefined && result < index) result = results?.pop();
  return result;
}

function callIds(message: LLMContextMessage): readonly string[] {
  const calls: unknown = isStandard(message) ? message.tool_calls : undefined;
  if (!Array.isArray(calls)) return [];
  return calls.flatMap((call: unknown) => (isRecord(call) && typeof call.id === "string" ? [call.id] : []));
}

function runs(message: LLMContextMessage | undefined): boolean {
  return message !== undefined && isStandard(message) && contentText(message.content) === inProgressResult;
}

// What a peer put into a conversation need not be a message at all.
function isStandard(message: unknown): message is LLMStandardMessage {
  return isRecord(message) && !isSpecificMessage(message as never);
}
