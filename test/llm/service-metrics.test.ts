import {
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMTextFrame,
  MetricsFrame,
  Pipeline,
  PipelineTask,
  type StartFrameInit,
} from "trunkline";
import { LLMContext, LLMService } from "trunkline/llm";
import type { ScriptedAnswerSource } from "trunkline/testing";
import { ScriptedModel } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { Recorder } from "./harness.ts";
import { measured } from "./measured.ts";
import { refusal, TestClock } from "./retry-clock.ts";

const question = () => new LLMContextFrame({ context: new LLMContext({ messages: [{ role: "user", content: "?" }] }) });

/** What is measured of questions with these answers; a refusal and what follows it answer one. */
async function measurements(answers: readonly ScriptedAnswerSource[], start?: StartFrameInit) {
  const service = new LLMService({ model: new ScriptedModel(answers), name: "llm", retryClock: new TestClock() });
  const questions = answers.filter((answer) => !(answer instanceof Error)).map(question);
  const { last } = await measured(service, questions, start);
  return last.all(MetricsFrame).flatMap(({ data }) => data);
}

const types = (data: Awaited<ReturnType<typeof measurements>>) => data.map(({ type }) => type);

describe("a language model's service measures", () => {
  it("the time to the first piece, what was used, and the whole time, of every answer, by its own and the model's name", async () => {
    const data = await measurements(["One.", "Two."]);
    expect(types(data)).toEqual(["ttfb", "llmUsage", "processing", "ttfb", "llmUsage", "processing"]);
    for (const entry of data) expect(entry).toMatchObject({ processor: "llm", model: "scripted" });
    const [first, , whole] = data as { valueMs: number }[];
    expect(whole?.valueMs).toBeGreaterThanOrEqual(first?.valueMs ?? Number.NaN);
  });

  it.each([
    ["a thought", { reasoning: "Hm" }],
    ["a tool call", { call: "look" }],
  ])("the time to the first piece also where it is %s", async (_, step) => {
    expect(types(await measurements([[step]]))).toContain("ttfb");
  });

  it("no first piece where there is none, and the whole time all the same", async () => {
    expect(types(await measurements([[{ fail: new Error("gone") }]]))).toEqual(["processing"]);
  });

  it("an answer that took several tries once", async () => {
    expect(types(await measurements([refusal(500), refusal(500), "Here."]))).toEqual([
      "ttfb",
      "llmUsage",
      "processing",
    ]);
  });

  it("nothing unless the start asks for it", async () => {
    expect(await measurements(["One."], {})).toEqual([]);
    expect(types(await measurements(["One."], { enableMetrics: true }))).toEqual(["ttfb", "processing"]);
    expect(types(await measurements(["One."], { enableUsageMetrics: true }))).toEqual(["llmUsage"]);
  });

  it("no use that nobody counted", async () => {
    const stream = streamOf({ type: "finish", finishReason: "stop", usage: {} });
    const model = { provider: "x", modelId: "m", doStream: async () => ({ stream }) };
    const { last } = await measured(new LLMService({ model }), [question()]);
    expect(types(last.all(MetricsFrame).flatMap(({ data }) => data))).toEqual(["processing"]);
  });

  it("the time of an answer that is interrupted", async () => {
    const last = new Recorder();
    const model = new ScriptedModel([["So", { wait: new Promise(() => {}) }]]);
    const pipeline = new Pipeline([new LLMService({ model }), last]);
    const task = new PipelineTask(pipeline, { start: { enableMetrics: true, enableUsageMetrics: true } });
    await task.start();
    await task.queueFrame(question());
    await last.until(LLMTextFrame);
    await task.queueFrame(new InterruptionFrame());
    await last.until(LLMFullResponseEndFrame);
    await task.end();
    expect(types(last.all(MetricsFrame).flatMap(({ data }) => data))).toEqual(["ttfb", "processing"]);
  });
});

function streamOf(...parts: readonly unknown[]) {
  return new ReadableStream<{ readonly type: string }>({
    start(controller) {
      for (const part of parts) controller.enqueue(part as { readonly type: string });
      controller.close();
    },
  });
}
