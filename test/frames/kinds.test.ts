import * as trunkline from "trunkline";
import { ControlFrame, DataFrame, Frame, FrameProcessor, SystemFrame } from "trunkline";
import { describe, expect, it } from "vitest";
import { isInterruptible } from "../../src/frames/index.ts";

const audio = { audio: new Uint8Array(8), sampleRate: 16_000 };
const image = { image: new Uint8Array(3), size: [1, 1] };
const said = { text: "a", userId: "u", timestamp: "2026-01-01T00:00:00Z" };
const call = { functionName: "f", toolCallId: "c", arguments: {} };
const whom = { processor: new FrameProcessor() };

/** By kind, each class with the least it can be made of. */
const system: Readonly<Record<string, object>> = {
  StartFrame: {},
  CancelFrame: {},
  ErrorFrame: { error: "e" },
  InterruptionFrame: {},
  InputAudioRawFrame: audio,
  UserAudioRawFrame: audio,
  InputImageRawFrame: image,
  UserImageRawFrame: image,
  UserImageRequestFrame: { userId: "u" },
  InputTextRawFrame: { text: "a" },
  InputTransportMessageFrame: { message: {} },
  OutputTransportMessageUrgentFrame: { message: {} },
  InputDTMFFrame: { button: "1" },
  OutputDTMFUrgentFrame: { buttons: ["1"] },
  UserStartedSpeakingFrame: {},
  UserStoppedSpeakingFrame: {},
  UserSpeakingFrame: {},
  VADUserStartedSpeakingFrame: {},
  VADUserStoppedSpeakingFrame: {},
  BotStartedSpeakingFrame: {},
  BotStoppedSpeakingFrame: {},
  BotSpeakingFrame: {},
  UserMuteStartedFrame: {},
  UserMuteStoppedFrame: {},
  STTMuteFrame: { mute: true },
  FunctionCallsStartedFrame: { functionCalls: [] },
  FunctionCallCancelFrame: { functionName: "f", toolCallId: "c" },
  MetricsFrame: { data: [] },
  FrameProcessorPauseUrgentFrame: whom,
  FrameProcessorResumeUrgentFrame: whom,
};

const data: Readonly<Record<string, object>> = {
  OutputAudioRawFrame: audio,
  SpeechOutputAudioRawFrame: audio,
  TTSAudioRawFrame: audio,
  OutputImageRawFrame: image,
  URLImageRawFrame: image,
  TextFrame: { text: "a" },
  LLMTextFrame: { text: "a" },
  AggregatedTextFrame: { text: "a", textType: "sentence" },
  TTSTextFrame: { text: "a", textType: "word" },
  TTSSpeakFrame: { text: "a" },
  InterimTranscriptionFrame: said,
  TranscriptionFrame: said,
  LLMThoughtTextFrame: { text: "a" },
  LLMContextFrame: { context: {} },
  LLMRunFrame: {},
  LLMMessagesAppendFrame: { messages: [] },
  LLMMessagesUpdateFrame: { messages: [] },
  LLMSetToolsFrame: { tools: [] },
  LLMSetToolChoiceFrame: { toolChoice: "auto" },
  LLMConfigureOutputFrame: { skipTts: true },
  FunctionCallResultFrame: { ...call, result: 1 },
  OutputTransportMessageFrame: { message: {} },
  OutputDTMFFrame: { buttons: ["1"] },
};

const control: Readonly<Record<string, object>> = {
  EndFrame: {},
  StopFrame: {},
  HeartbeatFrame: { timestamp: 1 },
  FrameProcessorPauseFrame: whom,
  FrameProcessorResumeFrame: whom,
  LLMFullResponseStartFrame: {},
  LLMFullResponseEndFrame: {},
  LLMThoughtStartFrame: {},
  LLMThoughtEndFrame: {},
  TTSStartedFrame: {},
  TTSStoppedFrame: {},
  FunctionCallInProgressFrame: call,
  LLMUpdateSettingsFrame: { settings: {} },
  TTSUpdateSettingsFrame: { settings: {} },
  STTUpdateSettingsFrame: { settings: {} },
};

const uninterruptible = new Set([
  "EndFrame",
  "StopFrame",
  "FrameProcessorPauseFrame",
  "FrameProcessorResumeFrame",
  "FunctionCallInProgressFrame",
  "FunctionCallResultFrame",
  "LLMMessagesAppendFrame",
  "LLMMessagesUpdateFrame",
  "LLMSetToolsFrame",
  "LLMSetToolChoiceFrame",
  "LLMFullResponseEndFrame",
  "LLMUpdateSettingsFrame",
  "TTSUpdateSettingsFrame",
  "STTUpdateSettingsFrame",
]);

const roots = ["Frame", "SystemFrame", "DataFrame", "ControlFrame", "ServiceUpdateSettingsFrame"];

function build(name: string, init: object): Frame {
  const Class = (trunkline as unknown as Record<string, new (init: object) => Frame>)[name];
  if (Class === undefined) throw new Error(`trunkline has no ${name}`);
  return new Class(init);
}

describe("every frame", () => {
  const kinds = [SystemFrame, DataFrame, ControlFrame];
  const cases = [system, data, control].flatMap((table, index) =>
    Object.entries(table).map(([name, init]) => ({ name, init, kind: kinds[index] as (typeof kinds)[number] })),
  );

  it.each(cases)("$name is of its kind, and an interruption drops it where it may", ({ name, init, kind }) => {
    const frame = build(name, init);
    expect(kinds.filter((one) => frame instanceof one)).toEqual([kind]);
    expect(isInterruptible(frame)).toBe(kind !== SystemFrame && !uninterruptible.has(name));
    expect(frame.name).toBe(`${name}#${frame.id}`);
  });

  it.each(cases)("$name takes what every frame takes", ({ name, init }) => {
    const notes = { pts: 5, metadata: { a: 1 }, transportSource: "camera", transportDestination: "speaker" };
    expect(build(name, { ...init, ...notes })).toMatchObject(notes);
  });

  it("is in the tables above", () => {
    const exported = Object.entries(trunkline)
      .filter(([, one]) => typeof one === "function" && (one as unknown as typeof Frame).prototype instanceof Frame)
      .map(([name]) => name);
    const tabled = cases.map(({ name }) => name);
    // What is relayed unread has no fields of its own; relay.test.ts.
    const others = [...roots, "OpaqueFrame"];
    expect(exported.filter((name) => !others.includes(name)).sort()).toEqual(tabled.sort());
  });
});
