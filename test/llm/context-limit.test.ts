import { LLMMessagesAppendFrame, LLMMessagesUpdateFrame, LLMRunFrame, TextFrame, TranscriptionFrame } from "trunkline";
import {
  type ContextLimit,
  createContextAggregators,
  LLMContext,
  type LLMContextMessage,
  summarizeWithModel,
} from "trunkline/llm";
import { ScriptedModel } from "trunkline/testing";
import { describe, expect, it, vi } from "vitest";
import { turns, until } from "../support/settled.ts";
import { developer } from "./conversation.ts";
import { gate, rig } from "./harness.ts";

const user = (content: string): LLMContextMessage => ({ role: "user", content });
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => user(`${from + index}`));

async function limited(limit: ContextLimit, messages: readonly LLMContextMessage[] = []) {
  const context = new LLMContext({ messages });
  const { user: first, assistant } = createContextAggregators(context, { limit });
  const { task, last, errors, errorCount } = await rig(first, assistant);
  let marks = 0;
  const add = async (...added: LLMContextMessage[]) => {
    await task.queueFrame(new LLMMessagesAppendFrame({ messages: added }));
    await task.queueFrame(new TextFrame({ text: "mark" }));
    await last.until(TextFrame, ++marks);
  };
  const contents = () => context.messages.map((message) => "content" in message && message.content);
  return { context, task, last, errors, errorCount, add, contents };
}

const short = "What was said so far, in short: ";

describe("a conversation that outgrows its limit of messages", () => {
  it("has its older messages replaced by a summary; system messages at the beginning and the last ones stay", async () => {
    const asked: (readonly LLMContextMessage[])[] = [];
    const summarize = (messages: readonly LLMContextMessage[]) => {
      asked.push(messages);
      return " Much. ";
    };
    const start: LLMContextMessage[] = [{ role: "system", content: "You sell boots." }];
    const { task, add, contents } = await limited({ maxMessages: 5, keepLast: 2, summarize }, start);
    await add(...numbered(1, 4));
    expect(asked).toEqual([]);
    await add(user("5"));
    await until(() => asked.length === 1);
    expect(contents()).toEqual(["You sell boots.", `${short}Much.`, "4", "5"]);
    expect(asked[0]).toEqual(numbered(1, 3));
    await task.end();
  });

  it("summarizes the summary with what came after it", async () => {
    const summarize = vi.fn(async (messages: readonly LLMContextMessage[]) => `${messages.length}`);
    const { task, add, contents } = await limited({ maxMessages: 4, keepLast: 2, summarize });
    await add(...numbered(1, 5));
    await until(() => contents().length === 3);
    await add(...numbered(6, 7));
    await until(() => summarize.mock.calls.length === 2 && contents().length === 3);
    expect(contents()).toEqual([`${short}3`, "6", "7"]);
    expect(summarize.mock.calls[1]?.[0].map((message) => "content" in message && message.content)).toEqual([
      `${short}3`,
      "4",
      "5",
    ]);
    await task.end();
  });

  it("takes messages instead of a summary, also none: then the older ones are dropped", async () => {
    const made: LLMContextMessage[][] = [[developer("one"), developer("two")], []];
    const summarize = () => made.shift() ?? "";
    const { task, add, contents } = await limited({ maxMessages: 4, keepLast: 2, summarize });
    await add(...numbered(1, 5));
    await until(() => made.length === 1);
    await turns();
    expect(contents()).toEqual(["one", "two", "4", "5"]);
    await add(...numbered(6, 7));
    await until(() => contents().length === 2);
    expect(contents()).toEqual(["6", "7"]);
    await task.end();
  });
});

describe("while a summary is made", () => {
  it("the conversation goes on, and what is added meanwhile is kept", async () => {
    const ready = gate();
    const summarize = vi.fn(async () => {
      await ready.promise;
      return "Much.";
    });
    const { task, last, add, contents } = await limited({ maxMessages: 4, keepLast: 2, summarize });
    await add(...numbered(1, 5));
    await add(...numbered(6, 9));
    await task.queueFrame(new TranscriptionFrame({ text: "10", userId: "u", timestamp: "" }));
    await task.queueFrame(new LLMRunFrame());
    await until(() => last.seen.filter(({ name }) => name.startsWith("LLMContextFrame")).length === 2);
    expect(contents()).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    ready.open();
    await until(() => contents().length === 8);
    expect(contents()).toEqual([`${short}Much.`, "4", "5", "6", "7", "8", "9", "10"]);
    expect(summarize).toHaveBeenCalledTimes(1);
    await task.end();
  });

  it("a conversation that is replaced stays as it is then", async () => {
    const ready = gate();
    const summarize = () => ready.promise.then(() => "Much.");
    const { task, add, contents, errors } = await limited({ maxMessages: 4, keepLast: 2, summarize });
    await add(...numbered(1, 5));
    await task.queueFrame(new LLMMessagesUpdateFrame({ messages: numbered(2, 6) }));
    await add(user("7"));
    ready.open();
    await turns();
    expect(contents()).toEqual(["2", "3", "4", "5", "6", "7"]);
    expect(errors).toEqual([]);
    await task.end();
  });

  it("the end of the pipeline gives it up", async () => {
    const signals: AbortSignal[] = [];
    const summarize = (_: readonly LLMContextMessage[], signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<string>(() => {});
    };
    const { task, add, contents, errors } = await limited({ maxMessages: 4, keepLast: 2, summarize });
    await add(...numbered(1, 5));
    await until(() => signals.length === 1);
    await task.end();
    expect(signals[0]?.aborted).toBe(true);
    await turns();
    expect(contents()).toHaveLength(5);
    expect(errors).toEqual([]);
  });
});

describe("a summary that fails", () => {
  it.each([
    ["throws", () => Promise.reject(new Error("no")), /no/],
    ["is empty", () => "  ", /empty/],
    ["is nothing of use", () => 7 as never, /neither text nor a list/],
    [
      "holds a result without its call",
      () => [{ role: "tool" as const, tool_call_id: "1", content: "" }],
      /tool calls/,
    ],
  ])(
    "because it %s is reported; the conversation is kept, and tried again when it has grown",
    async (_, fail, what) => {
      let fails = true;
      const summarize = vi.fn(() => (fails ? fail() : "Much."));
      const { task, add, contents, errors, errorCount } = await limited({ maxMessages: 4, keepLast: 2, summarize });
      await add(...numbered(1, 5));
      await errorCount(1);
      expect(errors[0]?.cause).toMatchObject({ code: "TL_HANDLER_FAILED", message: expect.stringMatching(what) });
      expect(contents()).toHaveLength(5);
      fails = false;
      await add(user("6"));
      await turns();
      expect(summarize).toHaveBeenCalledTimes(1);
      await add(user("7"));
      await until(() => contents().length === 3);
      expect(contents()).toEqual([`${short}Much.`, "6", "7"]);
      await task.end();
    },
  );

  it("because it takes too long is told to stop", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const signals: AbortSignal[] = [];
      const summarize = (_: readonly LLMContextMessage[], signal: AbortSignal) => {
        signals.push(signal);
        return new Promise<string>(() => {});
      };
      const limit = { maxMessages: 4, keepLast: 2, timeoutMs: 900, summarize };
      const { task, add, contents, errors, errorCount } = await limited(limit);
      await add(...numbered(1, 5));
      await turns();
      vi.advanceTimersByTime(899);
      expect(signals[0]?.aborted).toBe(false);
      vi.advanceTimersByTime(1);
      await errorCount(1);
      expect(signals[0]?.aborted).toBe(true);
      expect(errors[0]?.error).toMatch(/more than 900 ms/);
      expect(contents()).toHaveLength(5);
      expect(vi.getTimerCount()).toBe(0);
      await task.end();
    } finally {
      vi.useRealTimers();
    }
  });

  it("also fails when the tokens cannot be estimated", async () => {
    const estimateTokens = () => {
      throw new Error("unknown word");
    };
    const limit = { maxTokens: 10, keepLast: 2, estimateTokens, summarize: () => "Much." };
    const { task, add, errors, errorCount } = await limited(limit);
    await add(...numbered(1, 5));
    await errorCount(1);
    expect(errors[0]?.error).toMatch(/unknown word/);
    await task.end();
  });
});

describe("a limit of tokens", () => {
  it("counts as it is told to", async () => {
    const estimateTokens = vi.fn((message: LLMContextMessage) =>
      "content" in message ? Number(message.content) || 1 : 0,
    );
    const limit = { maxTokens: 10, keepLast: 1, estimateTokens, summarize: () => "Much." };
    const { task, add, contents } = await limited(limit);
    await add(...numbered(1, 4));
    await turns();
    expect(contents()).toHaveLength(4);
    await add(user("5"));
    await until(() => contents().length === 2);
    expect(contents()).toEqual([`${short}Much.`, "5"]);
    expect(estimateTokens).toHaveBeenCalledTimes(5);
    await task.end();
  });

  it("by itself knows text, pictures, calls and messages of a provider's own", async () => {
    const summarize = vi.fn(() => "Much.");
    const { task, add, contents } = await limited({ maxTokens: 1_000, keepLast: 1, summarize });
    const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(40_000)}` } };
    await add(user("a".repeat(400)), { role: "user", content: [{ type: "text", text: "b".repeat(400) }] });
    await add({ __specific__: true, llm: "openai", message: { role: "assistant", content: "c".repeat(400) } });
    await turns();
    expect(summarize).not.toHaveBeenCalled();
    await add({ role: "user", content: [picture] }, user("last"));
    await until(() => contents().length === 3);
    // What is in a provider's own form is left where it is.
    expect(contents()).toEqual([`${short}Much.`, false, "last"]);
    await task.end();
  });
});

describe("a context limit", () => {
  it.each([
    {},
    { maxMessages: 4, keepLast: 4 },
    { maxMessages: 0 },
    { maxTokens: -1 },
    { maxTokens: 10, keepLast: 0 },
    { maxTokens: 10, keepLast: 1.5 },
    { maxTokens: 10, timeoutMs: 0 },
  ])("is refused at once when it cannot be kept: %j", (limit) => {
    const options = { limit: { ...limit, summarize: () => "" } };
    expect(() => createContextAggregators(new LLMContext(), options)).toThrow(
      expect.objectContaining({ code: "TL_INVALID_OPTION" }),
    );
  });

  it("is kept with a model", async () => {
    const model = new ScriptedModel(["They talked."]);
    const { task, add, contents } = await limited({
      maxMessages: 4,
      keepLast: 2,
      summarize: summarizeWithModel({ model }),
    });
    await add(...numbered(1, 5));
    await until(() => contents().length === 3);
    expect(contents()[0]).toBe(`${short}They talked.`);
    expect(model.requests[0]?.prompt).toHaveLength(4);
    await task.end();
  });
});
