import {
  type Frame,
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMTextFrame,
  LLMThoughtEndFrame,
  LLMThoughtStartFrame,
  LLMThoughtTextFrame,
} from "trunkline";
import { createContextAggregators, LLMContext, LLMService } from "trunkline/llm";
import type { ScriptedStep } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { Recorder, rig } from "./harness.ts";
import { ScriptedModel } from "./scripted-model.ts";

const part = (type: string, id: string, fields: Readonly<Record<string, unknown>> = {}): ScriptedStep => ({
  part: { type, id, ...fields },
});
const begins = (id: string, metadata?: unknown) => part("reasoning-start", id, { providerMetadata: metadata });
const thinks = (id: string, delta: string, metadata?: unknown) =>
  part("reasoning-delta", id, { delta, providerMetadata: metadata });
const ends = (id: string, metadata?: unknown) => part("reasoning-end", id, { providerMetadata: metadata });

/** Thoughts and text as a person would write them down. */
function told(frames: readonly Frame[]): string {
  return frames
    .map((frame) => {
      if (frame instanceof LLMThoughtStartFrame) return "<";
      if (frame instanceof LLMThoughtEndFrame) return ">";
      return frame instanceof LLMThoughtTextFrame || frame instanceof LLMTextFrame ? frame.text : "";
    })
    .join("");
}

async function answered(...steps: readonly ScriptedStep[]) {
  const rigged = await rig(new LLMService({ model: new ScriptedModel(steps) }));
  await rigged.ask("?");
  await rigged.task.end();
  return { ...rigged, told: told(rigged.last.seen) };
}

describe("what a model thinks", () => {
  it("becomes frames with a start and an end, in order with the text, and is no text", async () => {
    const { told, last } = await answered(
      begins("1"),
      thinks("1", "Hm, "),
      thinks("1", "boots."),
      ends("1"),
      "They fly.",
    );
    expect(told).toBe("<Hm, boots.>They fly.");
    expect(last.said).toBe("They fly.");
    expect(last.all(LLMThoughtStartFrame)[0]).toMatchObject({ appendToContext: false });
  });

  it.each([
    ["without a start", [thinks("1", "Hm"), ends("1"), "Yes."], "<Hm>Yes."],
    ["without an end", [begins("1"), thinks("1", "Hm"), "Yes."], "<HmYes.>"],
    ["without a word", [begins("1"), ends("1"), "Yes."], "<>Yes."],
    ["ended twice", [begins("1"), thinks("1", "a"), ends("1"), ends("1"), "Yes."], "<a>Yes."],
    ["begun twice", [begins("1"), thinks("1", "a"), begins("1"), thinks("1", "b"), ends("1")], "<a><b>"],
    ["interleaved", [begins("1"), begins("2"), thinks("1", "a"), thinks("2", "b"), ends("1"), ends("2")], "<><><a><b>"],
    ["with text in the middle", [begins("1"), thinks("1", "a"), "Yes.", thinks("1", "b"), ends("1")], "<aYes.b>"],
  ] as const)("is ended once, and does not overlap: %s", async (_, steps, expected) => {
    expect((await answered(...steps)).told).toBe(expected);
  });

  it("keeps what the provider adds to it, from whatever part it came with", async () => {
    const { last } = await answered(
      begins("1", { anthropic: { a: 1 } }),
      thinks("1", "Hm"),
      thinks("1", "", { anthropic: { signature: "seal" }, other: { b: 2 } }),
      ends("1"),
      begins("2"),
      thinks("2", "So"),
      ends("2", { openai: { itemId: "i" } }),
      thinks("3", "Well"),
    );
    expect(last.all(LLMThoughtEndFrame).map(({ signature }) => signature)).toEqual([
      { anthropic: { a: 1, signature: "seal" }, other: { b: 2 } },
      { openai: { itemId: "i" } },
      undefined,
    ]);
    expect(last.all(LLMThoughtTextFrame).map(({ text }) => text)).toEqual(["Hm", "So", "Well"]);
  });

  it("is ended behind an interruption, before the answer is", async () => {
    const model = new ScriptedModel([begins("1"), thinks("1", "Hm"), { wait: new Promise(() => {}) }]);
    const { task, last, ask } = await rig(new LLMService({ model }));
    await ask("?");
    await last.until(LLMThoughtTextFrame);
    await task.queueFrame(new InterruptionFrame());
    await last.until(LLMFullResponseEndFrame);
    await task.end();
    expect(last.story.slice(-4, -1)).toEqual(["InterruptionFrame", "LLMThoughtEndFrame", "LLMFullResponseEndFrame"]);
  });

  it("is ended when the model breaks off", async () => {
    const { told, errors } = await answered(begins("1"), thinks("1", "Hm"), { fail: new Error("gone") });
    expect(told).toBe("<Hm>");
    expect(errors).toHaveLength(1);
  });

  it("does not enter the conversation", async () => {
    const context = new LLMContext({ messages: [{ role: "user", content: "?" }] });
    const { user, assistant } = createContextAggregators(context);
    const service = new LLMService({ model: new ScriptedModel([thinks("1", "Hm"), ends("1"), "Yes."]) });
    const { task } = await rig(user, service, new Recorder(), assistant);
    await task.queueFrame(new LLMContextFrame({ context }));
    await task.end();
    expect(context.messages.at(-1)).toEqual({ role: "assistant", content: "Yes." });
    expect(service.conversation).toEqual(context.messages);
  });
});
