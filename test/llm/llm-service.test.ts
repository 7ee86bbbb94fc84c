import {
  CancelFrame,
  EndFrame,
  type Frame,
  type FrameDirection,
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMRunFrame,
  LLMTextFrame,
} from "trunkline";
import { LLMContext, LLMService, type ModelCallOptions, tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { turns } from "../support/settled.ts";
import { gate, rig } from "./harness.ts";
import { ScriptedModel } from "./scripted-model.ts";

const answer = (...words: string[]) => ["LLMFullResponseStartFrame", ...words, "LLMFullResponseEndFrame"];

describe("a language model's service", () => {
  it("streams an answer in order, between its start and its end", async () => {
    const model = new ScriptedModel(["Hel", "lo ", "there."]);
    const { task, last, ask, errors } = await rig(new LLMService({ model, systemInstruction: "Be brief." }));
    await ask("Hi");
    await task.end();
    expect(last.story).toEqual(["StartFrame", ...answer("Hel", "lo ", "there."), "EndFrame"]);
    expect(model.lastPrompt).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: [{ type: "text", text: "Hi" }] },
    ]);
    expect(errors).toEqual([]);
  });

  it("answers downstream also when it is asked from below", async () => {
    const { task, last } = await rig(new LLMService({ model: new ScriptedModel(["Yes."]) }));
    const context = new LLMContext({ messages: [{ role: "user", content: "?" }] });
    await task.queueFrame(new LLMContextFrame({ context }), "upstream");
    await last.until(LLMFullResponseEndFrame);
    expect(last.said).toBe("Yes.");
    await task.end();
  });

  it("makes one answer at a time, each from the conversation as it was when it began", async () => {
    const hold = gate();
    const model = new ScriptedModel(["one", { wait: hold.promise }], ["two"]);
    const { task, last } = await rig(new LLMService({ model }));
    const context = new LLMContext({ messages: [{ role: "user", content: "a" }] });
    await task.queueFrame(new LLMContextFrame({ context }));
    await task.queueFrame(new LLMContextFrame({ context }));
    await last.until(LLMTextFrame);
    expect(model.asked).toHaveLength(1);
    context.add({ role: "user", content: "b" });
    hold.open();
    await task.end();
    expect(last.story.slice(1, -1)).toEqual([...answer("one"), ...answer("two")]);
    expect(model.asked.map(({ prompt }) => prompt.length)).toEqual([1, 2]);
  });

  it("K36: an end waits for the answer in progress and for the ones that were asked for before it", async () => {
    const hold = gate();
    const model = new ScriptedModel(["slow", { wait: hold.promise }, " words"], ["more"]);
    const { task, last, ask } = await rig(new LLMService({ model }));
    await ask("a");
    await ask("b");
    await last.until(LLMTextFrame);
    const ended = task.end();
    hold.open();
    await ended;
    expect(last.story.slice(1)).toEqual([...answer("slow", " words"), ...answer("more"), "EndFrame"]);
  });

  it("K36: an end waits for the tools that run", async () => {
    const [hold, arrived] = [gate(), gate()];
    class Watched extends LLMService {
      override process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof EndFrame) arrived.open();
        return super.process(frame, direction);
      }
    }
    const service = new Watched({ model: new ScriptedModel([{ call: "wait", id: "1", args: {} }]) });
    service.registerTools({
      wait: tool({ description: "", parameters: z.object({}), execute: () => hold.promise.then(() => "waited") }),
    });
    const { task, last, ask } = await rig(service);
    await ask("a");
    await last.until(LLMFullResponseEndFrame);
    const ended = task.end();
    await arrived.promise;
    await turns();
    expect(last.all(EndFrame)).toEqual([]);
    hold.open();
    await ended;
    expect(last.story.slice(-2)).toEqual(["FunctionCallResultFrame", "EndFrame"]);
  });

  it("stops at an interruption, ends the answer after it, and answers again", async () => {
    const model = new ScriptedModel(["one", { wait: new Promise(() => {}) }, "never"], ["two"]);
    const { task, last, ask, errors } = await rig(new LLMService({ model }));
    await ask("a");
    await last.until(LLMTextFrame);
    await task.queueFrame(new InterruptionFrame());
    await last.until(LLMFullResponseEndFrame);
    await ask("b");
    await task.end();
    expect(last.story.slice(1, -1)).toEqual([
      "LLMFullResponseStartFrame",
      "one",
      "InterruptionFrame",
      "LLMFullResponseEndFrame",
      ...answer("two"),
    ]);
    expect(errors).toEqual([]);
  });

  it("stops at an interruption also while the model has not begun to answer", async () => {
    const never = { provider: "x", modelId: "deaf", doStream: () => new Promise<never>(() => {}) };
    const { task, last, ask } = await rig(new LLMService({ model: never }));
    await ask("a");
    await last.until(LLMFullResponseStartFrame);
    await task.queueFrame(new InterruptionFrame());
    await last.until(LLMFullResponseEndFrame);
    await task.end();
  });

  it("answers the next question though the model it broke off never settles", async () => {
    const never = new Promise<never>(() => {});
    const stuck = new ReadableStream({
      start: (controller) => controller.enqueue({ type: "text-delta", id: "1", delta: "one" }),
      pull: () => never,
      cancel: () => never,
    });
    const next = new ScriptedModel(["two"]);
    let asked = 0;
    const model = {
      provider: "x",
      modelId: "stuck",
      doStream: async (options: ModelCallOptions) => (asked++ === 0 ? { stream: stuck } : next.doStream(options)),
    };
    const { task, last, ask } = await rig(new LLMService({ model }));
    await ask("a");
    await last.until(LLMTextFrame);
    await task.queueFrame(new InterruptionFrame());
    await last.until(LLMFullResponseEndFrame);
    await ask("b");
    await task.end();
    expect(last.said).toBe("onetwo");
  });

  it("is cancelled at once while the model has not begun to answer; what it gives later is not wanted", async () => {
    const [unwanted, opened] = [gate(), gate()];
    const stream = new ReadableStream({ cancel: unwanted.open });
    const doStream = () => {
      opened.open();
      return late.promise.then(() => ({ stream }));
    };
    const late = gate();
    const { task, ask, errors } = await rig(new LLMService({ model: { provider: "x", modelId: "late", doStream } }));
    await ask("a");
    await opened.promise;
    await task.cancel();
    late.open();
    await unwanted.promise;
    expect(errors).toEqual([]);
  });

  it("is cancelled at once in the middle of an answer", async () => {
    const model = new ScriptedModel(["one", { wait: new Promise(() => {}) }]);
    const { task, last, ask, errors } = await rig(new LLMService({ model }));
    await ask("a");
    await last.until(LLMTextFrame);
    await task.cancel("enough");
    expect(last.all(CancelFrame)).toHaveLength(1);
    expect(last.all(EndFrame)).toHaveLength(0);
    expect(errors).toEqual([]);
  });

  it.each([
    ["a thrown error", [{ fail: new Error("overloaded") }]],
    ["an error part", [{ part: { type: "error" as const, error: new Error("overloaded") } }]],
  ])("reports %s, ends the answer and goes on", async (_, failure) => {
    const model = new ScriptedModel(["so far", ...failure], ["better"]);
    const { task, last, ask, errors, errorCount } = await rig(new LLMService({ model }));
    await ask("a");
    await ask("b");
    await errorCount(1);
    await task.end();
    expect(last.story.slice(1, -1)).toEqual([...answer("so far"), ...answer("better")]);
    expect(errors.map((frame) => frame.cause)).toMatchObject([
      { code: "TL_MODEL_FAILED", cause: { message: "overloaded" } },
    ]);
  });

  it("reports once what it cannot use of a conversation", async () => {
    const { task, last, errors } = await rig(new LLMService({ model: new ScriptedModel(["a"], ["b"]) }));
    const messages = [{ role: "user", content: "hi" }, { role: "judge" }] as never;
    await task.queueFrame(new LLMContextFrame({ context: new LLMContext({ messages }) }));
    await task.queueFrame(new LLMContextFrame({ context: new LLMContext({ messages }) }));
    await last.until(LLMFullResponseEndFrame, 2);
    await task.end();
    expect(errors.map((frame) => frame.cause)).toMatchObject([{ code: "TL_CONTEXT_INVALID" }]);
  });

  it("reports what is new among what it cannot use, and not all of a long list", async () => {
    const { task, last, errors } = await rig(new LLMService({ model: new ScriptedModel(["a"], ["b"]) }));
    const bad = Array.from({ length: 12 }, () => ({ role: "judge" })) as never[];
    const messages = [{ role: "user" as const, content: "hi" }, ...bad];
    await task.queueFrame(new LLMContextFrame({ context: new LLMContext({ messages: messages.slice(0, 2) }) }));
    await task.queueFrame(new LLMContextFrame({ context: new LLMContext({ messages }) }));
    await last.until(LLMFullResponseEndFrame, 2);
    await task.end();
    const [first, second] = errors.map(({ cause }) => (cause as Error).message);
    expect(first).toBe("Message 1 has no role that is known.");
    expect(second).toMatch(/^Message 2 has .+ Message 11 has no role that is known\. And 1 more\.$/);
  });

  it("passes on what it does not handle", async () => {
    const { task, last } = await rig(new LLMService({ model: new ScriptedModel() }));
    await task.queueFrame(new LLMRunFrame());
    await task.end();
    expect(last.story).toEqual(["StartFrame", "LLMRunFrame", "EndFrame"]);
  });

  it("K49: offers its own tools whatever the conversation says, and those of the conversation if it has none", async () => {
    const mine = tool({ description: "Mine.", parameters: z.object({ a: z.string() }), execute: () => 1 });
    const theirs = { name: "theirs", description: "", parameters: { type: "object", properties: {} } };
    const context = new LLMContext({ messages: [{ role: "user", content: "x" }], tools: [theirs] });
    const [own, none] = [new ScriptedModel(["a"]), new ScriptedModel(["b"])];
    for (const [model, tools] of [
      [own, { mine }],
      [none, {}],
    ] as const) {
      const service = new LLMService({ model });
      service.registerTools(tools);
      const { task } = await rig(service);
      await task.queueFrame(new LLMContextFrame({ context }));
      await task.end();
    }
    expect(own.asked[0]?.tools).toEqual([
      {
        type: "function",
        name: "mine",
        description: "Mine.",
        inputSchema: expect.objectContaining({
          type: "object",
          properties: { a: { type: "string" } },
          required: ["a"],
        }),
      },
    ]);
    expect(none.asked[0]?.tools?.map(({ name }) => name)).toEqual(["theirs"]);
  });

  it("hands its settings to the model, and a choice of tool from the conversation", async () => {
    const model = new ScriptedModel(["a"]);
    const settings = {
      maxOutputTokens: 7,
      temperature: 0.5,
      stopSequences: ["x"],
      providerOptions: { openai: { a: 1 } },
    };
    const { task } = await rig(new LLMService({ model, ...settings }));
    const tools = [{ name: "theirs", description: "", parameters: { type: "object" } }];
    const toolChoice = { type: "function", function: { name: "theirs" } };
    const messages = [{ role: "user" as const, content: "x" }];
    await task.queueFrame(new LLMContextFrame({ context: new LLMContext({ messages, tools, toolChoice }) }));
    await task.end();
    expect(model.asked[0]).toMatchObject({ ...settings, toolChoice: { type: "tool", toolName: "theirs" } });
  });
});
