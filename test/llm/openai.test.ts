import { createOpenAI } from "@ai-sdk/openai";
import {
  FunctionCallResultFrame,
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMTextFrame,
  MetricsFrame,
  TranscriptionFrame,
} from "trunkline";
import { createContextAggregators, LLMContext, LLMService, tool } from "trunkline/llm";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { gate, Recorder, rig } from "./harness.ts";
import { measured } from "./measured.ts";
import { type FakeAnswer, type FakeRequest, type OpenAIServer, startOpenAIServer } from "./openai-server.ts";

let server: OpenAIServer;
afterEach(() => server.close());

async function start(answer: (request: FakeRequest, count: number) => FakeAnswer) {
  server = await startOpenAIServer(answer);
  const model = createOpenAI({ baseURL: server.url, apiKey: "test" }).chat("gpt-test");
  const context = new LLMContext();
  const { user, assistant } = createContextAggregators(context);
  const service = new LLMService({ model, systemInstruction: "Be brief." });
  const output = new Recorder();
  const say = (text: string) => pipeline.task.queueFrame(new TranscriptionFrame({ text, userId: "u", timestamp: "" }));
  const pipeline = await rig(user, service, output, assistant);
  return { ...pipeline, context, service, output, say };
}

describe("a model over HTTP", () => {
  it("streams its answer, chunk by chunk, into the conversation", async () => {
    const { task, context, output, say } = await start(() => ({ words: ["Hel", "lo", "!"] }));
    await say("Hi");
    await output.until(LLMFullResponseEndFrame);
    await task.end();
    expect(output.all(LLMTextFrame).map(({ text }) => text)).toEqual(["Hel", "lo", "!"]);
    expect(context.messages.at(-1)).toEqual({ role: "assistant", content: "Hello!" });
    expect(server.requests[0]?.messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
    ]);
  });

  it("calls two tools with arguments in pieces, and answers their results in one more request", async () => {
    const toolCalls = [
      { id: "call_a", name: "weather", arguments: ['{"ci', 'ty":"Os', 'lo"}'] },
      { id: "call_b", name: "weather", arguments: ['{"city":"Rome"}'] },
    ];
    const { task, output, say, service } = await start((_, count) =>
      count === 1 ? { toolCalls } : { words: ["Cold there, warm here."] },
    );
    service.registerTools({
      weather: tool({
        description: "The weather in a city.",
        parameters: z.object({ city: z.string() }),
        execute: ({ city }) => ({ city, celsius: city.length }),
      }),
    });
    await say("Weather?");
    await output.until(LLMTextFrame);
    await task.end();
    expect(output.all(FunctionCallResultFrame).map(({ result }) => result)).toEqual([
      { city: "Oslo", celsius: 4 },
      { city: "Rome", celsius: 4 },
    ]);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[0]?.tools).toMatchObject([{ type: "function", function: { name: "weather" } }]);
    const sent = server.requests[1]?.messages ?? [];
    expect(sent.map(({ role }) => role)).toEqual(["system", "user", "assistant", "tool", "assistant", "tool"]);
    expect(sent.filter(({ role }) => role === "tool")).toEqual([
      { role: "tool", tool_call_id: "call_a", content: '{"city":"Oslo","celsius":4}' },
      { role: "tool", tool_call_id: "call_b", content: '{"city":"Rome","celsius":4}' },
    ]);
  });

  it("hangs up at an interruption and remembers what was said", async () => {
    const hold = gate();
    const { task, context, output, say } = await start(() => ({ words: ["Once upon"], hold: hold.promise }));
    await say("A story");
    await output.until(LLMTextFrame);
    await task.queueFrame(new InterruptionFrame());
    await server.hungUp;
    await output.until(LLMFullResponseEndFrame);
    hold.open();
    await task.end();
    expect(context.messages.at(-1)).toEqual({ role: "assistant", content: "Once upon" });
  });

  it("tells what an answer used", async () => {
    const usage = {
      prompt_tokens: 30,
      completion_tokens: 9,
      total_tokens: 39,
      prompt_tokens_details: { cached_tokens: 20 },
      completion_tokens_details: { reasoning_tokens: 4 },
    };
    server = await startOpenAIServer(() => ({ words: ["Hi."], usage }));
    const model = createOpenAI({ baseURL: server.url, apiKey: "test" }).chat("gpt-test");
    const context = new LLMContext({ messages: [{ role: "user", content: "Hi" }] });
    const { last } = await measured(new LLMService({ model, name: "llm" }), [new LLMContextFrame({ context })]);
    const data = last.all(MetricsFrame).flatMap((frame) => frame.data);
    expect(data.map(({ type }) => type)).toEqual(["ttfb", "llmUsage", "processing"]);
    expect(data[1]).toMatchObject({
      model: "gpt-test",
      usage: { promptTokens: 30, completionTokens: 9, totalTokens: 39, cacheReadInputTokens: 20, reasoningTokens: 4 },
    });
  });

  it("reports a refusal and answers the next time", async () => {
    const { task, output, say, errors, errorCount } = await start((_, count) =>
      count === 1 ? { status: 400 } : { words: ["Here."] },
    );
    await say("Hello?");
    await errorCount(1);
    await say("Hello??");
    await output.until(LLMTextFrame);
    await task.end();
    expect(errors[0]?.cause).toMatchObject({ code: "TL_MODEL_FAILED", message: expect.stringContaining("gpt-test") });
    expect(output.all(LLMFullResponseEndFrame)).toHaveLength(2);
  });
});
