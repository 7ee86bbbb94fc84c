import fc from "fast-check";
import * as frames from "../../src/frames/index.ts";
import { count, flag, type Init, json, maybe, moment, record, text, unsendable } from "./values.ts";

const specific = fc.record({ __specific__: fc.constant(true), llm: text, message: json });
const standard = record.filter((message) => !("__specific__" in message)).map((rest) => ({ ...rest, role: "user" }));
const messages = fc.array(fc.oneof(standard, specific), { maxLength: 3 });
const tool = fc.record({ name: text, description: text, parameters: record });
const tools = fc.array(tool, { maxLength: 2 });
const someTools = fc.array(tool, { minLength: 1, maxLength: 2 });
const customTools = fc
  .dictionary(text, fc.array(json, { maxLength: 2 }), { maxKeys: 2 })
  .filter((value) => !unsendable.test(JSON.stringify(value)))
  .map((value) => ({ ...value }));
const context = fc
  .record({
    messages,
    // Where there are custom tools, one dialect has no word for having no others; in the other an empty list is none.
    toolSet: fc.oneof(fc.record({ tools: maybe(someTools) }), fc.record({ tools: someTools, customTools })),
    toolChoice: maybe(fc.oneof(fc.constantFrom("none", "auto", "required"), record)),
  })
  .map(({ toolSet, ...rest }) => new frames.LLMContext({ ...rest, ...toolSet } as frames.LLMContextInit));

const audio: Init = {
  audio: fc.uint8Array({ maxLength: 200 }),
  sampleRate: count,
  numChannels: fc.integer({ min: 1, max: 8 }),
};
const image: Init = {
  image: fc.uint8Array({ maxLength: 200 }),
  size: fc.tuple(fc.nat(8_192), fc.nat(8_192)),
  format: maybe(text),
};
const shown: Init = { ...image, syncWithAudio: flag };
const request: Init = {
  userId: text,
  text: maybe(text),
  appendToContext: maybe(flag),
  videoSource: maybe(text),
  functionName: maybe(text),
  toolCallId: maybe(text),
};
// Microseconds are the finest that a length of time keeps on the wire.
const duration = fc.nat(100_000_000).map((microseconds) => microseconds / 1000);
const tokens = fc.nat(1_000_000);
const tokenUsage = fc.record({
  promptTokens: tokens,
  completionTokens: tokens,
  totalTokens: tokens,
  cacheReadInputTokens: maybe(tokens),
  cacheCreationInputTokens: maybe(tokens),
  reasoningTokens: maybe(tokens),
  inputAudioTokens: maybe(tokens),
  outputAudioTokens: maybe(tokens),
  cacheReadInputAudioTokens: maybe(tokens),
});
const measurement = (type: frames.MetricsData["type"], fields: Init) =>
  fc.record({ type: fc.constant(type), processor: text, model: maybe(text), ...fields });
const metrics = fc.oneof(
  measurement("ttfb", { valueMs: duration }),
  measurement("ttfa", { ttfaMs: duration, ttfbMs: duration, leadingSilenceMs: duration }),
  measurement("ttfat", { ttfatMs: duration, ttfbMs: duration, thinkingMs: duration }),
  measurement("processing", { valueMs: duration }),
  measurement("textAggregation", { valueMs: duration }),
  measurement("llmUsage", { usage: tokenUsage }),
  measurement("sttUsage", { usage: fc.record({ audioMs: duration }) }),
  measurement("ttsUsage", { characters: tokens }),
  measurement("turn", {
    isComplete: flag,
    probability: fc.nat(100).map((percent) => percent / 100),
    endToEndProcessingMs: duration,
  }),
);
const button = fc.constantFrom(..."0123456789*#");
const buttons: Init = { buttons: fc.array(button, { minLength: 1, maxLength: 4 }) };
const settings: Init = { settings: record };
const utterance: Init = { contextId: maybe(text) };
const spoken: Init = { text, skipTts: maybe(flag), includesInterFrameSpaces: flag, appendToContext: flag };
const interim: Init = { ...spoken, userId: text, timestamp: text, language: maybe(text) };
const aggregated: Init = { ...spoken, textType: text, ...utterance, rawText: maybe(text), willBeSpoken: flag };
const call = { functionName: text, toolCallId: text, arguments: record };
const listed: Init = { messages, runLlm: maybe(flag) };

/** What each class of frames takes beside what all of them take. */
export const frameFields = new Map<unknown, Init>([
  [frames.InputAudioRawFrame, audio],
  [frames.OutputAudioRawFrame, audio],
  [frames.UserAudioRawFrame, { ...audio, userId: text }],
  [frames.SpeechOutputAudioRawFrame, audio],
  [frames.TTSAudioRawFrame, { ...audio, ...utterance }],
  [frames.InputImageRawFrame, image],
  [frames.OutputImageRawFrame, shown],
  [frames.URLImageRawFrame, { ...shown, url: maybe(text) }],
  [frames.UserImageRequestFrame, request],
  [
    frames.UserImageRawFrame,
    {
      ...image,
      userId: text,
      text: maybe(text),
      appendToContext: maybe(flag),
      request: maybe(
        fc
          .record(request)
          .map((init) => new frames.UserImageRequestFrame(init as unknown as frames.UserImageRequestFrameInit)),
      ),
      runLlm: maybe(flag),
    },
  ],
  [frames.TextFrame, spoken],
  [frames.LLMTextFrame, spoken],
  [frames.InputTextRawFrame, spoken],
  [frames.AggregatedTextFrame, aggregated],
  [frames.TTSTextFrame, aggregated],
  [frames.InterimTranscriptionFrame, interim],
  [frames.TranscriptionFrame, { ...interim, finalized: flag }],
  [frames.TTSSpeakFrame, { text, appendToContext: flag }],
  [frames.TTSStartedFrame, { ...utterance, appendToContext: flag }],
  [frames.TTSStoppedFrame, utterance],
  [frames.LLMThoughtStartFrame, { appendToContext: flag, llm: text }],
  [frames.LLMThoughtTextFrame, { text, includesInterFrameSpaces: flag }],
  [frames.LLMThoughtEndFrame, { signature: maybe(fc.oneof(json, fc.uint8Array({ maxLength: 40 }))) }],
  [frames.LLMContextFrame, { context }],
  [frames.LLMRunFrame, {}],
  [frames.LLMMessagesAppendFrame, listed],
  [frames.LLMMessagesUpdateFrame, listed],
  [frames.LLMSetToolsFrame, { tools, customTools: maybe(customTools) }],
  [frames.LLMSetToolChoiceFrame, { toolChoice: fc.oneof(fc.constantFrom("none", "auto", "required"), record) }],
  [frames.LLMConfigureOutputFrame, { skipTts: flag }],
  [frames.LLMFullResponseStartFrame, { skipTts: maybe(flag) }],
  [frames.LLMFullResponseEndFrame, { skipTts: maybe(flag) }],
  [frames.LLMUpdateSettingsFrame, settings],
  [frames.TTSUpdateSettingsFrame, settings],
  [frames.STTUpdateSettingsFrame, settings],
  [frames.FunctionCallsStartedFrame, { functionCalls: fc.array(fc.record(call), { maxLength: 3 }) }],
  [frames.FunctionCallInProgressFrame, { ...call, cancelOnInterruption: flag, groupId: maybe(text) }],
  [
    frames.FunctionCallResultFrame,
    { ...call, result: fc.option(json, { nil: undefined }), runLlm: maybe(flag), error: maybe(text) },
  ],
  [frames.FunctionCallCancelFrame, { functionName: text, toolCallId: text, runLlm: flag }],
  [frames.ErrorFrame, { error: text, fatal: flag }],
  [frames.InterruptionFrame, {}],
  [frames.UserStartedSpeakingFrame, {}],
  [frames.UserStoppedSpeakingFrame, {}],
  [frames.BotStartedSpeakingFrame, {}],
  [frames.BotStoppedSpeakingFrame, {}],
  [frames.UserSpeakingFrame, {}],
  [frames.BotSpeakingFrame, {}],
  [frames.VADUserStartedSpeakingFrame, { startMs: duration, timestamp: moment }],
  [frames.VADUserStoppedSpeakingFrame, { stopMs: duration, timestamp: moment }],
  [frames.UserMuteStartedFrame, {}],
  [frames.UserMuteStoppedFrame, {}],
  [frames.STTMuteFrame, { mute: flag }],
  [frames.InputTransportMessageFrame, { message: json }],
  [frames.OutputTransportMessageFrame, { message: json }],
  [frames.OutputTransportMessageUrgentFrame, { message: json }],
  [frames.InputDTMFFrame, { button }],
  [frames.OutputDTMFFrame, buttons],
  [frames.OutputDTMFUrgentFrame, buttons],
  [frames.HeartbeatFrame, { timestamp: fc.maxSafeNat() }],
  [frames.MetricsFrame, { data: fc.array(metrics, { maxLength: 4 }) }],
]);
