import { LLMContextFrame, LLMFullResponseEndFrame, Pipeline, PipelineTask } from "trunkline";
import { type LanguageModel, LLMContext, LLMService, type PromptFileData, tool } from "trunkline/llm";
import { FrameCollector, ScriptedModel } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

type Part = { readonly type: string } & Record<string, unknown>;

async function parts(model: LanguageModel, content = "Hello?", signal = new AbortController().signal): Promise<Part[]> {
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: content }] }];
  const { stream } = await model.doStream({ prompt, abortSignal: signal });
  const read: Part[] = [];
  for await (const part of stream as AsyncIterable<Part> & typeof stream) read.push(part);
  return read;
}

const textOf = (read: readonly Part[]) => read.filter(({ type }) => type === "text-delta").map(({ delta }) => delta);

describe("a scripted model", () => {
  it("gives its answers in order: text, chunks, and what a function makes of the request", async () => {
    using model = new ScriptedModel([
      "Hello.",
      ["How ", "are you?"],
      async ({ prompt }) => `You sent ${prompt.length} message.`,
    ]);
    expect(textOf(await parts(model))).toEqual(["Hello."]);
    expect(textOf(await parts(model))).toEqual(["How ", "are you?"]);
    expect(textOf(await parts(model))).toEqual(["You sent 1 message."]);
  });

  it("calls tools, with ids of its own where none is given, and arguments that may be no JSON", async () => {
    using model = new ScriptedModel([
      [{ call: "price", args: { item: "boots" } }, { call: "stock", id: "mine", args: "{oops" }, { call: "bye" }],
    ]);
    const calls = (await parts(model)).filter(({ type }) => type === "tool-call");
    expect(calls).toEqual([
      { type: "tool-call", toolCallId: "call-1", toolName: "price", input: '{"item":"boots"}' },
      { type: "tool-call", toolCallId: "mine", toolName: "stock", input: "{oops" },
      { type: "tool-call", toolCallId: "call-2", toolName: "bye", input: "{}" },
    ]);
  });

  it("says how it finished, thinks aloud, and streams what it is given as it is", async () => {
    const part = { type: "source", sourceType: "url", url: "https://example.com" };
    using model = new ScriptedModel([[{ reasoning: "Hm." }, "Yes.", { part }], [{ call: "a" }]]);
    const first = await parts(model);
    expect(first).toContainEqual(part);
    expect(first).toContainEqual({ type: "reasoning-delta", id: "reasoning", delta: "Hm." });
    expect(first.at(-1)).toMatchObject({ type: "finish", finishReason: { unified: "stop" } });
    expect((await parts(model)).at(-1)).toMatchObject({ finishReason: { unified: "tool-calls" } });
  });

  it("refuses a request with an error, throws what a function throws, and breaks off in the middle", async () => {
    using model = new ScriptedModel([
      new Error("overloaded"),
      () => {
        throw new Error("no such model");
      },
      ["So ", { fail: new Error("the line went dead") }],
    ]);
    await expect(parts(model)).rejects.toThrow("overloaded");
    await expect(parts(model)).rejects.toThrow("no such model");
    await expect(parts(model)).rejects.toThrow("the line went dead");
  });

  it("holds its answer until a promise settles", async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    using model = new ScriptedModel([["So ", { wait: gate }, "what?"]]);
    const { stream } = await model.doStream({ prompt: [] });
    const reader = stream.getReader();
    const seen: unknown[] = [];
    const next = async () => {
      const { value } = await reader.read();
      seen.push(value?.delta ?? value?.type);
    };
    for (let part = 0; part < 3; part++) await next();
    const held = next();
    await new Promise((resolve) => setTimeout(resolve));
    expect(seen).toEqual(["stream-start", "text-start", "So "]);
    open();
    await held;
    expect(seen.at(-1)).toBe("what?");
    await reader.cancel();
    expect(model.cancelled).toBe(1);
  });

  it("stops waiting when the answer is not wanted any more", async () => {
    using model = new ScriptedModel([["So ", { wait: new Promise(() => {}) }]]);
    const controller = new AbortController();
    const answer = parts(model, "?", controller.signal);
    controller.abort(new Error("interrupted"));
    await expect(answer).rejects.toThrow("interrupted");
  });

  it("remembers what it was asked, as it was then, and lets a test wait for it", async () => {
    using model = new ScriptedModel(["a", "b"]);
    const second = model.waitForRequest({ count: 2 });
    const content = [{ type: "text" as const, text: "one" }];
    const url = new URL("https://example.com/a.png");
    await model.doStream({ prompt: [{ role: "user", content }] });
    content[0] = { type: "text", text: "changed" };
    await model.doStream({
      prompt: [{ role: "user", content: [{ type: "file", data: url as PromptFileData, mediaType: "image/png" }] }],
      abortSignal: new AbortController().signal,
    });
    expect(model.requests[0]?.prompt[0]?.content).toEqual([{ type: "text", text: "one" }]);
    expect(await second).toEqual({
      prompt: [{ role: "user", content: [{ type: "file", data: url, mediaType: "image/png" }] }],
    });
  });

  it("answers a service, tools and all", async () => {
    const price = tool({
      description: "Price of an item.",
      parameters: z.object({ item: z.string() }),
      execute: ({ item }) => ({ item, price: 12 }),
    });
    using model = new ScriptedModel([[{ call: "price", args: { item: "boots" } }], "They cost 12."]);
    const llm = new LLMService({ model });
    llm.registerTools({ price });
    const collector = new FrameCollector();
    const task = new PipelineTask(new Pipeline([llm, collector]));
    await task.start();
    const context = new LLMContext({ messages: [{ role: "user", content: "How much?" }] });
    await task.queueFrame(new LLMContextFrame({ context }));
    await collector.waitFor(LLMFullResponseEndFrame);
    await task.queueFrame(new LLMContextFrame({ context }));
    await collector.waitFor(LLMFullResponseEndFrame, { count: 2 });
    expect(collector.texts).toEqual(["They cost 12."]);
    expect(model.requests[0]?.tools?.map(({ name }) => name)).toEqual(["price"]);
    await task.cancel();
  });
});

describe("a scripted model fails the test", () => {
  const failure = expect.objectContaining({ code: "TL_TEST_FAILED" });

  it("when answers are left", async () => {
    const model = new ScriptedModel(["a", "b"]);
    await parts(model);
    expect(() => model.assertUsed()).toThrow("has 2 answers and was asked 1 time.");
    expect(() => {
      using _ = new ScriptedModel(["a"]);
    }).toThrow(failure);
  });

  it("when it is asked too often, also where the error of that got lost", async () => {
    const model = new ScriptedModel([]);
    await expect(parts(model)).rejects.toThrow(failure);
    expect(() => model.assertUsed()).toThrow("has 0 answers and was asked 1 time.");
  });

  it("when nobody asks it in time", async () => {
    const model = new ScriptedModel([]);
    await expect(model.waitForRequest({ timeoutMs: 1 })).rejects.toThrow("A request did not come within 1 ms.");
  });
});
