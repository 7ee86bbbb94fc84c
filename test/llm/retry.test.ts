import {
  FunctionCallsStartedFrame,
  InterruptionFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
} from "trunkline";
import { LLMService, type LLMServiceOptions } from "trunkline/llm";
import type { ScriptedAnswerSource } from "trunkline/testing";
import { ScriptedModel } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { rig } from "./harness.ts";
import { refusal, TestClock } from "./retry-clock.ts";

async function asked(answers: readonly ScriptedAnswerSource[], options: Partial<LLMServiceOptions> = {}) {
  const model = new ScriptedModel(answers);
  const clock = new TestClock();
  const service = new LLMService({ model, retryClock: clock, ...options });
  return { model, clock, service, ...(await rig(service)) };
}

/** What a service does with one question. */
async function answered(answers: readonly ScriptedAnswerSource[], options?: Partial<LLMServiceOptions>) {
  const rigged = await asked(answers, options);
  await rigged.ask("?");
  await rigged.task.end();
  return rigged;
}

describe("a model that refuses", () => {
  it("is asked again, the same, after about 1 s and 2 s, and nobody hears of it", async () => {
    const { model, clock, last, errors } = await answered([refusal(503), refusal(500), "Here."]);
    expect(last.story).toEqual([
      "StartFrame",
      "LLMFullResponseStartFrame",
      "Here.",
      "LLMFullResponseEndFrame",
      "EndFrame",
    ]);
    expect(clock.waits).toEqual([750, 1_500]);
    expect(model.requests[2]).toEqual(model.requests[0]);
    expect(errors).toEqual([]);
  });

  it("is given up after maxRetries, with the status, the number of attempts and the model in the error", async () => {
    const { last, errors, model } = await answered([refusal(429), refusal(429), refusal(503)]);
    expect(model.requests).toHaveLength(3);
    expect(errors.map(({ cause }) => cause)).toMatchObject([
      {
        code: "TL_MODEL_FAILED",
        message: "The model scripted did not answer: refused (HTTP 503, 3 attempts)",
        cause: { statusCode: 503 },
      },
    ]);
    expect(last.all(LLMFullResponseEndFrame)).toHaveLength(1);
  });

  it.each([
    ["maxRetries is 0", refusal(500), { maxRetries: 0 }],
    ["it may not pass", refusal(401), {}],
    ["the error says nothing of it", new Error("refused"), {}],
  ])("is not asked again when %s", async (_, error, options) => {
    const { clock, errors, model } = await answered([error], options);
    expect(clock.waits).toEqual([]);
    expect(model.requests).toHaveLength(1);
    expect(errors[0]?.error).toContain("1 attempt)");
  });

  it.each([
    ["milliseconds", { "retry-after-ms": "40", "retry-after": "9" }, 40],
    ["seconds", { "Retry-After": "3" }, 3_000],
    ["a date", { "retry-after": "Tue, 01 Jan 2030 00:00:07 GMT" }, 7_000],
    ["a date in the past", { "retry-after": "Mon, 01 Jan 2029 00:00:00 GMT" }, 0],
    ["the longest time that is waited", { "retry-after": "60" }, 60_000],
    ["nonsense", { "retry-after": "soon" }, 750],
    ["less than nothing", { "retry-after": "-5" }, 750],
  ])("is left alone for as long as the provider asks: %s", async (_, headers, expected) => {
    const { clock, last } = await answered([refusal(429, { headers }), "Here."]);
    expect(clock.waits).toEqual([expected]);
    expect(last.said).toBe("Here.");
  });

  it("is given up at once when the provider wants more patience than a conversation has", async () => {
    const { clock, errors } = await answered([refusal(429, { headers: { "retry-after": "61" } })]);
    expect(clock.waits).toEqual([]);
    expect(errors[0]?.error).toContain("(HTTP 429, 1 attempt, it asks to be left alone for 61 s)");
  });

  it("is asked again also when the refusal is the first part of its stream", async () => {
    const first = [{ part: { type: "error", error: refusal(529) } }];
    const { last, errors } = await answered([first, "Here."]);
    expect(last.said).toBe("Here.");
    expect(errors).toEqual([]);
  });

  it.each([
    ["text", "So"],
    ["a thought", { reasoning: "So" }],
    ["a tool call", { call: "look" }],
  ])("is not asked again behind %s", async (_, step) => {
    const { clock, errors, last } = await answered([[step, { fail: refusal(500) }]]);
    expect(clock.waits).toEqual([]);
    expect(errors[0]?.error).toContain("broke off its answer: refused (HTTP 500, 1 attempt)");
    expect(last.all(FunctionCallsStartedFrame)).toEqual([]);
    expect(last.all(LLMFullResponseEndFrame)).toHaveLength(1);
  });

  it("puts one short line without keys and control characters into the error", async () => {
    const message = `no\u0000\n\u001b[31mway Bearer abc.DEF-123456 sk-proj-abcdef123456 ${"x".repeat(5_000)}`;
    const { errors } = await answered([refusal(400, { message })]);
    const { error } = errors[0] ?? {};
    expect(error).toMatch(/^LLMService: The model scripted did not answer: no \[31mway \[key\] \[key\] x+… \(HTTP 400/);
    expect(error?.length).toBeLessThan(400);
  });

  it("cannot be asked again half a time", () => {
    const invalid = expect.objectContaining({ code: "TL_INVALID_OPTION" });
    for (const maxRetries of [-1, 0.5, Number.NaN]) {
      expect(() => new LLMService({ model: new ScriptedModel([]), maxRetries })).toThrow(invalid);
    }
  });
});

describe("waiting between two tries", () => {
  const held = () => new TestClock({ held: true });

  it("ends at an interruption; the answer ends after it, and the next question is answered", async () => {
    const clock = held();
    const { task, last, ask, errors, model } = await asked([refusal(503), "Two."], { retryClock: clock });
    await ask("one");
    await clock.begun;
    await task.queueFrame(new InterruptionFrame());
    await last.until(LLMFullResponseEndFrame);
    expect(clock.signals[0]?.aborted).toBe(true);
    await ask("two");
    await task.end();
    expect(last.story.slice(1, -1)).toEqual([
      "LLMFullResponseStartFrame",
      "InterruptionFrame",
      "LLMFullResponseEndFrame",
      "LLMFullResponseStartFrame",
      "Two.",
      "LLMFullResponseEndFrame",
    ]);
    expect(model.requests).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  it("ends at a cancel, with nothing left behind", async () => {
    // The system's clock: a timer that outlives this file fails it.
    const { task, last, ask, errors } = await asked([refusal(429, { headers: { "retry-after": "59" } })], {
      retryClock: {},
    });
    await ask("one");
    await last.until(LLMFullResponseStartFrame);
    await task.cancel();
    expect(errors).toEqual([]);
  });

  it("ends when the answer is abandoned", async () => {
    const clock = held();
    const { task, last, ask, errors, service } = await asked([refusal(503)], { retryClock: clock });
    await ask("one");
    await clock.begun;
    service.abandon();
    await last.until(LLMFullResponseEndFrame);
    await task.end();
    expect(errors).toEqual([]);
  });

  it("holds back last words, an end, and the question behind it, which is answered as it was asked", async () => {
    const clock = held();
    const answers = [refusal(503), "One.", "Two.", "Bye."];
    const { task, last, ask, service, model } = await asked(answers, { retryClock: clock });
    await ask("one");
    await ask("two");
    await clock.begun;
    expect(model.requests).toHaveLength(1);
    clock.release();
    await last.until(LLMFullResponseEndFrame, 2);
    await service.lastWords([{ role: "developer", content: "Say goodbye." }]);
    await task.end();
    expect(last.said).toBe("One.Two.Bye.");
    expect(model.requests.map(({ prompt }) => prompt.at(-1)?.content[0])).toMatchObject(
      ["one", "one", "two", "Say goodbye."].map((text) => ({ text })),
    );
  });

  it("holds back last words, which then come behind the answer", async () => {
    const clock = held();
    const { task, last, ask, service } = await asked([refusal(503), "One.", "Bye."], { retryClock: clock });
    await ask("one");
    await clock.begun;
    const said = service.lastWords([{ role: "developer", content: "Say goodbye." }]);
    clock.release();
    await said;
    expect(last.said).toBe("One.Bye.");
    await task.end();
  });
});
