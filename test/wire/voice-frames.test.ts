import { describe, expect, it } from "vitest";
import { BusFrameMessage } from "../../src/bus/index.ts";
import * as frames from "../../src/frames/index.ts";
import { JSONMessageSerializer } from "../../src/wire/index.ts";
import { textOf, voiceFrames } from "./captures.ts";
import { received, wrap } from "./frame-messages.ts";

/** What only the newest peers write, and we neither need nor keep. */
const ignored = new Set(["id", "name", "interruptible", "reach_inactive_services"]);

function kept(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(kept);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !ignored.has(key))
      .map(([key, part]) => [key, kept(part)]),
  );
}

function arrived(name: string): frames.Frame {
  const capture = voiceFrames.find((one) => one.name === name);
  const message = new JSONMessageSerializer({ dialect: "pipecat" }).deserialize(capture?.text ?? "");
  if (!(message instanceof BusFrameMessage)) throw new Error(`${name} did not arrive`);
  return message.frame;
}

const sent = (frame: frames.Frame) =>
  JSON.parse(textOf(new JSONMessageSerializer().serialize(wrap(frame)))).__data__.frame.__data__;

const image = { __type__: "bytes", __data__: "AQID" };
const bytes = new Uint8Array([1, 2, 3]);

describe("the frames of voice agents, as Python peers write them", () => {
  const changed = ["InputImageRaw tuple", "LLMUpdateSettings delta", "TTSUpdateSettings delta", "TTSSpeak"];
  it.each(voiceFrames.filter(({ name }) => !changed.includes(name)))("$name comes back as it was", ({ text }) => {
    const serializer = new JSONMessageSerializer({ dialect: "pipecat" });
    const message = serializer.deserialize(text);
    if (message === undefined) throw new Error(JSON.stringify(serializer.rejected));
    const again = JSON.parse(textOf(serializer.serialize(message))).__data__.frame;
    expect(kept(again)).toMatchObject(kept(JSON.parse(text).__data__.frame) as object);
  });

  it("arrives in the words of this library", () => {
    expect(arrived("UserAudioRaw")).toMatchObject({ userId: "u1", sampleRate: 16_000, numFrames: 2 });
    expect(arrived("TTSAudioRaw")).toMatchObject({ contextId: "c1" });
    expect(arrived("TTSText")).toMatchObject({ text: "a", textType: "word", contextId: "c1", willBeSpoken: false });
    expect(arrived("LLMThoughtStart")).toMatchObject({ appendToContext: true, llm: "anthropic" });
    expect(arrived("LLMThoughtText")).toMatchObject({ text: "hm", includesInterFrameSpaces: true });
    expect(arrived("LLMThoughtEnd text")).toMatchObject({ signature: "sig" });
    expect(arrived("LLMThoughtEnd bytes")).toMatchObject({ signature: new Uint8Array([1, 2]) });
    expect(arrived("VADUserStartedSpeaking")).toMatchObject({ startMs: 200, timestamp: 1_700_000_000_250 });
    expect(arrived("VADUserStoppedSpeaking")).toMatchObject({ stopMs: 800, timestamp: 1_700_000_001_500 });
    expect(arrived("InputDTMF")).toMatchObject({ button: "#" });
    expect(arrived("OutputDTMF")).toMatchObject({ buttons: ["1", "*"] });
    expect(arrived("Heartbeat")).toMatchObject({ timestamp: 123_456_789_012 });
    expect(arrived("TTSSpeak")).toEqual(expect.objectContaining({ text: "a", appendToContext: true }));
  });

  it("K56: an image keeps its size where the peer sends one, and is refused where the peer has lost it", () => {
    expect(arrived("InputImageRaw list")).toMatchObject({ image: bytes, size: [1, 1], format: "RGB" });
    expect(arrived("OutputImageRaw list")).toMatchObject({ size: [1, 1], syncWithAudio: true });
    expect(() => arrived("InputImageRaw tuple")).toThrow("did not arrive");
    expect(received("InputImageRawFrame", { image, format: "RGB" })).toMatchObject({
      reason: "shape",
      path: "frame.size",
    });
    expect(received("InputImageRawFrame", { image, size: [640, 480] })).toMatchObject({
      size: [640, 480],
      format: undefined,
    });
    expect(sent(new frames.InputImageRawFrame({ image: bytes, size: [640, 480] }))).toMatchObject({ size: [640, 480] });
  });

  it("an image brings the request it answers, which is a frame with an id of its own", () => {
    const { request } = arrived("UserImageRaw list") as frames.UserImageRawFrame;
    expect(request).toBeInstanceOf(frames.UserImageRequestFrame);
    expect(request).toMatchObject({ userId: "u1", text: "what?", remoteId: 8 });
  });

  it("measurements are told apart by type, and are milliseconds", () => {
    const llm = { processor: "LLM#0", model: "m" };
    expect((arrived("Metrics") as frames.MetricsFrame).data).toEqual([
      { type: "ttfb", ...llm, valueMs: 120 },
      { type: "ttfa", ...llm, ttfaMs: 300, ttfbMs: 200, leadingSilenceMs: 100 },
      { type: "ttfat", ...llm, ttfatMs: 300, ttfbMs: 200, thinkingMs: 100 },
      { type: "processing", ...llm, valueMs: 1_500 },
      { type: "textAggregation", ...llm, valueMs: 50 },
      {
        type: "llmUsage",
        ...llm,
        usage: {
          promptTokens: 10,
          completionTokens: 5,
          totalTokens: 15,
          cacheReadInputTokens: 2,
          reasoningTokens: 1,
        },
      },
      { type: "sttUsage", ...llm, usage: { audioMs: 2_500 } },
      { type: "ttsUsage", processor: "TTS#0", characters: 12 },
      { type: "turn", ...llm, isComplete: true, probability: 0.9, endToEndProcessingMs: 32.5 },
    ]);
  });

  it("settings are names and values, in whichever of its two ways a peer writes them", () => {
    expect(arrived("LLMUpdateSettings")).toMatchObject({ settings: { temperature: 0.5 } });
    expect((arrived("LLMUpdateSettings delta") as frames.LLMUpdateSettingsFrame).settings).toEqual({
      temperature: 0.7,
    });
    expect((arrived("TTSUpdateSettings delta") as frames.TTSUpdateSettingsFrame).settings).toEqual({ voice: "v" });
    const delta = { __type__: "pipecat.services.acme.AcmeSettings", __data__: { voice: "b", extra: { speed: 2 } } };
    expect(received("TTSUpdateSettingsFrame", { settings: { voice: "a", volume: 1 }, delta })).toMatchObject({
      settings: { voice: "b", volume: 1, speed: 2 },
    });
    expect(received("TTSUpdateSettingsFrame", {})).toMatchObject({ settings: {} });
  });
});

describe("what the two eras of pipecat call differently", () => {
  it("the type of a text is written under both names and read under either", () => {
    const text = { text: "a b." };
    expect(sent(new frames.TTSTextFrame({ ...text, textType: "sentence" }))).toMatchObject({
      text_type: "sentence",
      aggregated_by: "sentence",
    });
    expect(received("TTSTextFrame", { ...text, aggregated_by: "word" })).toMatchObject({ textType: "word" });
    expect(received("TTSTextFrame", { ...text, text_type: "word" })).toMatchObject({ textType: "word" });
    expect(received("TTSTextFrame", text)).toMatchObject({ path: "frame.text_type" });
  });

  it("a single button is written under both names and read under either", () => {
    expect(sent(new frames.OutputDTMFFrame({ buttons: ["5"] }))).toMatchObject({ button: "5", buttons: ["5"] });
    expect(sent(new frames.OutputDTMFFrame({ buttons: ["5", "#"] }))).not.toHaveProperty("button");
    expect(received("OutputDTMFUrgentFrame", { button: "5" })).toMatchObject({ buttons: ["5"] });
    expect(received("OutputDTMFFrame", { button: "1", buttons: ["2", "3"] })).toMatchObject({ buttons: ["2", "3"] });
  });

  it("voice activity of the oldest peers says nothing about times", () => {
    const frame = received("VADUserStartedSpeakingFrame", {}) as frames.VADUserStartedSpeakingFrame;
    expect(frame.startMs).toBe(0);
    expect(Math.abs(Date.now() - frame.timestamp)).toBeLessThan(60_000);
  });
});
