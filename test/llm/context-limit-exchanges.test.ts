import * as fc from "fast-check";
import { LLMMessagesAppendFrame, TextFrame } from "trunkline";
import { createContextAggregators, LLMContext, type LLMContextMessage, type LLMStandardMessage } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { rig } from "./harness.ts";

type Piece =
  | { readonly type: "words"; readonly role: "system" | "developer" | "user" | "assistant" }
  /** So many calls in one message; results follow after so many other messages, unless the tool still runs. */
  | { readonly type: "calls"; readonly results: readonly (number | "runs" | "none")[]; readonly id: number }
  /** A result that nobody asked for, unless a call before it has none. */
  | { readonly type: "stray"; readonly id: number };

const words = fc.record({
  type: fc.constant("words" as const),
  role: fc.constantFrom("system" as const, "developer" as const, "user" as const, "assistant" as const),
});
const calls = fc.record({
  type: fc.constant("calls" as const),
  results: fc.array(fc.oneof({ weight: 6, arbitrary: fc.nat(4) }, fc.constantFrom("runs" as const, "none" as const)), {
    minLength: 1,
    maxLength: 3,
  }),
  // Few ids: some models count their calls anew in every answer.
  id: fc.nat(3),
});

const strays = fc.record({ type: fc.constant("stray" as const), id: fc.nat(3) });

/** A conversation in which every result comes behind its call, sooner or later. */
function conversationOf(pieces: readonly Piece[]): LLMStandardMessage[] {
  const messages: LLMStandardMessage[] = [];
  let due: { at: number; message: LLMStandardMessage }[] = [];
  for (const [index, piece] of pieces.entries()) {
    if (piece.type === "words") messages.push({ role: piece.role, content: `words ${index}` });
    else if (piece.type === "stray") messages.push({ role: "tool", tool_call_id: `${piece.id}.0`, content: "stray" });
    else {
      const ids = piece.results.map((_, place) => `${piece.id}.${place}`);
      // An id is used again once its result is there.
      if (due.some(({ message }) => ids.includes(message.tool_call_id ?? ""))) continue;
      const open = messages.some(({ tool_calls }) => tool_calls?.some(({ id }) => ids.includes(id)));
      if (open && !ids.every((id) => resultCount(messages, id) >= callCount(messages, id))) continue;
      const toolCalls = ids.map((id) => ({ id, type: "function" as const, function: { name: "f", arguments: "{}" } }));
      messages.push({ role: "assistant", tool_calls: toolCalls });
      for (const [place, result] of piece.results.entries()) {
        if (result === "none") continue;
        const content = result === "runs" ? "IN_PROGRESS" : `result ${index}.${place}`;
        const message = { role: "tool" as const, tool_call_id: `${piece.id}.${place}`, content };
        due.push({ at: index + (result === "runs" ? 0 : result), message });
      }
    }
    messages.push(...due.filter(({ at }) => at <= index).map(({ message }) => message));
    due = due.filter(({ at }) => at > index);
  }
  return [...messages, ...due.map(({ message }) => message)];
}

const callCount = (messages: readonly LLMStandardMessage[], wanted: string) =>
  messages.flatMap(({ tool_calls }) => tool_calls ?? []).filter(({ id }) => id === wanted).length;
const resultCount = (messages: readonly LLMStandardMessage[], wanted: string) =>
  messages.filter(({ tool_call_id }) => tool_call_id === wanted).length;

/** Each result with the call it answers: the first one behind that call. */
function exchangesOf(messages: readonly LLMContextMessage[]): ReadonlyMap<LLMContextMessage, LLMContextMessage> {
  const exchanges = new Map<LLMContextMessage, LLMContextMessage>();
  for (const [index, message] of messages.entries()) {
    if ("__specific__" in message) continue;
    for (const { id } of message.tool_calls ?? []) {
      const result = messages.find(
        (other, place) =>
          place > index && !exchanges.has(other) && "tool_call_id" in other && other.tool_call_id === id,
      );
      if (result !== undefined) exchanges.set(result, message);
    }
  }
  return exchanges;
}

describe("a summary in a conversation with tool calls", () => {
  it("splits no call from its result, moves nothing, and keeps the beginning, the end and what still runs", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(words, calls, strays), { minLength: 4, maxLength: 25 }),
        fc.integer({ min: 1, max: 6 }),
        async (pieces, keepLast) => {
          const before = conversationOf(pieces);
          fc.pre(before.length > keepLast + 1);
          const context = new LLMContext();
          let summarized: readonly LLMContextMessage[] = [];
          const limit = {
            maxMessages: keepLast + 1,
            keepLast,
            summarize: (messages: readonly LLMContextMessage[]) => {
              summarized = messages;
              return "Much.";
            },
          };
          const { user, assistant } = createContextAggregators(context, { limit });
          const { task, last, errors } = await rig(user, assistant);
          await task.queueFrame(new LLMMessagesAppendFrame({ messages: before }));
          await task.queueFrame(new TextFrame({ text: "mark" }));
          await last.until(TextFrame);
          const now = () => context.messages;
          if (summarized.length > 0) await until(() => now().length === before.length - summarized.length + 1);
          await task.end();
          expect(errors).toEqual([]);

          const gone = new Set(summarized);
          const rest = before.filter((message) => !gone.has(message));
          const summary = now().filter((message) => !before.includes(message as LLMStandardMessage));
          expect(summary).toHaveLength(gone.size > 0 ? 1 : 0);
          expect(now().filter((message) => !summary.includes(message))).toEqual(rest);
          expect(now().slice(-keepLast)).toEqual(before.slice(-keepLast));
          const leading = before.findIndex(({ role }) => role !== "system");
          expect(now().slice(0, leading)).toEqual(before.slice(0, leading));
          // Every exchange is on one side, and every result that was one still answers the same call.
          for (const [result, call] of exchangesOf(before)) expect(gone.has(result)).toBe(gone.has(call));
          const kept = [...exchangesOf(before)].filter(([result]) => !gone.has(result));
          expect([...exchangesOf(now())]).toEqual(expect.arrayContaining(kept));
          expect(exchangesOf(now()).size).toBe(kept.length);
          for (const message of summarized) {
            if ("__specific__" in message) continue;
            expect(message.content).not.toBe("IN_PROGRESS");
            const results = [...exchangesOf(before)].filter(([, call]) => call === message);
            expect(results).toHaveLength(message.tool_calls?.length ?? 0);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
