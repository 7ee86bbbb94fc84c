import {
  InterruptionFrame,
  LLMConfigureOutputFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  LLMUpdateSettingsFrame,
} from "trunkline";
import { LLMContext, LLMService, type LLMServiceOptions } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { talk } from "./conversation.ts";
import { gate, rig } from "./harness.ts";
import { ScriptedModel, type Step } from "./scripted-model.ts";

async function running(options: Partial<LLMServiceOptions> = {}, ...answers: readonly (readonly Step[])[]) {
  const model = new ScriptedModel(...(answers.length > 0 ? answers : [["a"], ["b"]]));
  const rigged = await rig(new LLMService({ model, ...options }));
  const update = (settings: Readonly<Record<string, unknown>>) =>
    rigged.task.queueFrame(new LLMUpdateSettingsFrame({ settings }));
  return { model, update, ...rigged };
}

describe("settings of a running service", () => {
  it.each([
    ["our names", { temperature: 0.2, maxOutputTokens: 9, topP: 0.5, topK: 3, seed: 4, stopSequences: ["x"] }],
    ["Python's names", { temperature: 0.2, max_tokens: 9, top_p: 0.5, top_k: 3, seed: 4, stop_sequences: ["x"] }],
  ])("change by %s; the others stay, and the frame goes no further", async (_, settings) => {
    const { model, update, ask, task, last, errors } = await running({ presencePenalty: 0.1, topP: 0.9 });
    await ask("?");
    await update(settings);
    await ask("?");
    await task.end();
    expect(model.asked[0]).toMatchObject({ presencePenalty: 0.1, topP: 0.9 });
    expect(model.asked[0]).not.toHaveProperty("temperature");
    expect(model.asked[1]).toMatchObject({
      ...{ presencePenalty: 0.1, temperature: 0.2, maxOutputTokens: 9 },
      ...{ topP: 0.5, topK: 3, seed: 4, stopSequences: ["x"] },
    });
    expect(last.all(LLMUpdateSettingsFrame)).toEqual([]);
    expect(errors).toEqual([]);
  });

  it.each(["systemInstruction", "system_instruction"])("include the instruction, as %s", async (name) => {
    const { model, update, ask, task } = await running({ systemInstruction: "Be brief." });
    await update({ [name]: "Be kind." });
    await ask("?");
    await task.end();
    expect(model.lastPrompt[0]).toEqual({ role: "system", content: "Be kind." });
  });

  it.each([null, undefined])("are left to the provider again by %s", async (value) => {
    const { model, update, ask, task } = await running({ temperature: 1, systemInstruction: "Be brief." });
    await update({ temperature: value, system_instruction: value });
    await ask("?");
    await task.end();
    expect(model.asked[0]).not.toHaveProperty("temperature");
    expect(model.lastPrompt.map(({ role }) => role)).toEqual(["user"]);
  });

  it("hold from the next answer on, not for the one in progress", async () => {
    const hold = gate();
    const { model, update, ask, task, last } = await running({}, ["a", { wait: hold.promise }, "b"], ["c"]);
    await ask("?");
    await last.until(LLMTextFrame);
    await update({ temperature: 0.3 });
    await ask("?");
    hold.open();
    await task.end();
    expect(model.asked.map(({ temperature }) => temperature)).toEqual([undefined, 0.3]);
  });

  it("are not lost to an interruption", async () => {
    const { model, update, ask, task, last } = await running({}, ["a", { wait: new Promise(() => {}) }], ["c"]);
    await ask("?");
    await last.until(LLMTextFrame);
    await update({ temperature: 0.3 });
    await task.queueFrame(new InterruptionFrame());
    await last.until(LLMFullResponseEndFrame);
    await ask("?");
    await task.end();
    expect(model.asked[1]?.temperature).toBe(0.3);
  });

  it.each([
    ["unknown", { model: "gpt" }, /no setting "model"/],
    ["of the prototype", JSON.parse('{"__proto__": {"temperature": 1}}'), /no setting "__proto__"/],
    ["of the wrong type", { temperature: "hot" }, /temperature must be a number, 0 or more/],
    ["out of range", { top_p: 1.1 }, /top_p must be a number from 0 to 1/],
    ["no number", { temperature: Number.NaN }, /temperature must be/],
    ["half a token", { max_tokens: 1.5 }, /max_tokens must be a whole number above 0/],
    ["given twice", { max_tokens: 1, maxOutputTokens: 2 }, /maxOutputTokens is given twice/],
    ["a list of more than texts", { stopSequences: [1] }, /stopSequences must be a list of texts/],
    ["options that are none", { providerOptions: { openai: 1 } }, /providerOptions must be/],
  ])("change all or nothing: one that is %s is reported, and the conversation goes on", async (_, bad, expected) => {
    const { model, update, ask, task, errors, last } = await running();
    await update(Object.fromEntries([["seed", 5], ...Object.entries(bad)]));
    await ask("?");
    await task.end();
    expect(model.asked[0]).not.toHaveProperty("seed");
    expect(last.said).toBe("a");
    expect(errors.at(-1)).toMatchObject({ fatal: false, error: expect.stringMatching(expected) });
    expect(errors.at(-1)?.cause).toMatchObject({ code: "TL_INVALID_OPTION" });
  });

  it("are refused at once where the service is built", () => {
    const build = (options: object) => () => new LLMService({ model: new ScriptedModel(), ...options });
    const invalid = expect.objectContaining({ code: "TL_INVALID_OPTION" });
    expect(build({ temperature: Number.NaN })).toThrow(invalid);
    expect(build({ maxOutputTokens: 0 })).toThrow(invalid);
    expect(build({ systemInstruction: 7 })).toThrow(invalid);
  });

  it("take headers from this process only", async () => {
    const { model, update, ask, task, errors } = await running();
    await update({ headers: { "x-a": "1" } });
    const foreign = new LLMUpdateSettingsFrame({ settings: { headers: { "x-a": "2" }, seed: 1 } });
    foreign.remoteId = 7;
    await task.queueFrame(foreign);
    await ask("?");
    await task.end();
    expect(model.asked[0]).toMatchObject({ headers: { "x-a": "1" } });
    expect(model.asked[0]).not.toHaveProperty("seed");
    expect(errors).toHaveLength(1);
  });

  it("reach a model behind a bridge", async () => {
    const { running, host, model, activate } = await talk(() => ({}), ["Hello."]);
    await using _ = running;
    await activate();
    await host.queueFrame(new LLMUpdateSettingsFrame({ settings: { temperature: 0.7, system_instruction: "Sing." } }));
    await host.queueFrame(new LLMConfigureOutputFrame({ skipTts: true }));
    await host.say("Hi");
    const end = await host.output.until(LLMFullResponseEndFrame);
    expect(model.asked[0]?.temperature).toBe(0.7);
    expect(model.lastPrompt[0]).toEqual({ role: "system", content: "Sing." });
    expect(end.skipTts).toBe(true);
  });
});

describe("the output of a service", () => {
  it("is marked as it was last configured, from the next answer on, whole answers at a time", async () => {
    const hold = gate();
    const answers = [["a", { wait: hold.promise }, "b"], ["c"], ["d"]];
    const { task, last, ask } = await running({}, ...answers);
    await ask("?");
    await last.until(LLMTextFrame);
    await task.queueFrame(new LLMConfigureOutputFrame({ skipTts: true }));
    await ask("?");
    await task.queueFrame(new LLMConfigureOutputFrame({ skipTts: false }));
    // The last question comes from the other end, and would not wait for what is still on its way.
    await until(() => task.processorStates.some(({ name, queued }) => name === LLMService.name && queued === 3));
    await task.queueFrame(new LLMContextFrame({ context: new LLMContext() }), "upstream");
    hold.open();
    await last.until(LLMFullResponseEndFrame, 3);
    await task.end();
    const marks = (frames: readonly { readonly skipTts: boolean | undefined }[]) =>
      frames.map(({ skipTts }) => skipTts);
    expect(marks(last.all(LLMFullResponseStartFrame))).toEqual([undefined, true, false]);
    expect(marks(last.all(LLMTextFrame))).toEqual([undefined, undefined, true, false]);
    expect(marks(last.all(LLMFullResponseEndFrame))).toEqual([undefined, true, false]);
    expect(last.all(LLMConfigureOutputFrame)).toEqual([]);
  });
});
