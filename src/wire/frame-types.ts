import {
  type AudioFrameInit,
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  ErrorFrame,
  type ErrorFrameInit,
  type Frame,
  type FrameClass,
  type FrameInit,
  type FunctionCall,
  FunctionCallCancelFrame,
  type FunctionCallCancelFrameInit,
  FunctionCallInProgressFrame,
  type FunctionCallInProgressFrameInit,
  FunctionCallResultFrame,
  type FunctionCallResultFrameInit,
  FunctionCallsStartedFrame,
  type FunctionCallsStartedFrameInit,
  InputAudioRawFrame,
  InterimTranscriptionFrame,
  type InterimTranscriptionFrameInit,
  InterruptionFrame,
  LLMContextFrame,
  type LLMContextFrameInit,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMMessagesAppendFrame,
  type LLMMessagesFrameInit,
  LLMMessagesUpdateFrame,
  LLMRunFrame,
  LLMSetToolsFrame,
  LLMTextFrame,
  OutputAudioRawFrame,
  TextFrame,
  type TextFrameInit,
  TranscriptionFrame,
  type TranscriptionFrameInit,
  TTSAudioRawFrame,
  TTSSpeakFrame,
  type TTSSpeakFrameInit,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "../frames/index.ts";
import { frameType } from "./frame-type.ts";
import { bytes, count, derived, flag, integer, json, jsonObject, listOf, optional, tagged, text } from "./kinds.ts";
import { context, frameMessages, toolsShape } from "./llm-kinds.ts";
import { empty, fields, type Shape, taggedRecord, unsent } from "./shape.ts";
import type { WireType } from "./type-table.ts";

const audio = fields<AudioFrameInit, FrameInit, Pick<InputAudioRawFrame, "numFrames">>({
  audio: ["audio", bytes],
  sampleRate: ["sample_rate", count],
  numChannels: ["num_channels", optional(count)],
  numFrames: ["num_frames", derived(integer)],
});

const textFields = {
  text: ["text", text],
  skipTts: ["skip_tts", optional(flag)],
  includesInterFrameSpaces: ["includes_inter_frame_spaces", optional(flag)],
  appendToContext: ["append_to_context", optional(flag)],
} as const;

const interimFields = {
  ...textFields,
  userId: ["user_id", text],
  timestamp: ["timestamp", text],
  language: ["language", optional(text)],
} as const;

const messages = fields<LLMMessagesFrameInit, FrameInit>({
  messages: ["messages", frameMessages],
  runLlm: ["run_llm", optional(flag)],
});

const error = fields<ErrorFrameInit, FrameInit>({
  error: ["error", text],
  fatal: ["fatal", optional(flag)],
  cause: unsent,
  // A peer takes this for a processor, the object, and asks it whether it still works.
  processor: unsent,
});

const callFields = {
  functionName: ["function_name", text],
  toolCallId: ["tool_call_id", text],
  arguments: ["arguments", jsonObject],
} as const;

/** A peer adds the whole context to each call. It travels in frames of its own, so we leave it out and ignore it. */
const functionCall = taggedRecord<FunctionCall>(
  () => "pipecat.frames.frames.FunctionCallFromLLM",
  fields<FunctionCall>(callFields),
);

const resultFields = fields<FunctionCallResultFrameInit, FrameInit>({
  ...callFields,
  result: ["result", json],
  runLlm: ["run_llm", optional(flag)],
});

const resultPropertiesType = "pipecat.frames.frames.FunctionCallResultProperties";

const result: Shape = {
  ...resultFields,
  read: (data, init, scope) => {
    resultFields.read(data, init, scope);
    // A peer's tools say it here, and there this comes before the frame's own.
    const properties = tagged(data.properties, resultPropertiesType) as { readonly run_llm?: unknown } | undefined;
    if (typeof properties?.run_llm === "boolean") init.runLlm = properties.run_llm;
  },
};

/** The frames that cross a bus. Those that start and end a pipeline are not here: they never leave it. */
export function frameTypes(): readonly WireType<Frame>[] {
  const withAudio = (name: string, Class: FrameClass) => frameType(name, Class, empty, audio);
  return [
    withAudio("InputAudioRawFrame", InputAudioRawFrame),
    withAudio("OutputAudioRawFrame", OutputAudioRawFrame),
    withAudio("TTSAudioRawFrame", TTSAudioRawFrame),
    frameType("TextFrame", TextFrame, fields<TextFrameInit, FrameInit>(textFields)),
    frameType("LLMTextFrame", LLMTextFrame, fields<TextFrameInit, FrameInit>(textFields)),
    frameType(
      "InterimTranscriptionFrame",
      InterimTranscriptionFrame,
      fields<InterimTranscriptionFrameInit, FrameInit>(interimFields),
    ),
    frameType(
      "TranscriptionFrame",
      TranscriptionFrame,
      fields<TranscriptionFrameInit, FrameInit>({ ...interimFields, finalized: ["finalized", optional(flag)] }),
    ),
    frameType(
      "TTSSpeakFrame",
      TTSSpeakFrame,
      fields<TTSSpeakFrameInit, FrameInit>({
        text: ["text", text],
        appendToContext: ["append_to_context", optional(flag)],
      }),
    ),
    frameType(
      "LLMContextFrame",
      LLMContextFrame,
      fields<LLMContextFrameInit, FrameInit>({ context: ["context", context] }),
    ),
    frameType("LLMRunFrame", LLMRunFrame),
    frameType("LLMMessagesAppendFrame", LLMMessagesAppendFrame, messages),
    frameType("LLMMessagesUpdateFrame", LLMMessagesUpdateFrame, messages),
    frameType("LLMSetToolsFrame", LLMSetToolsFrame, toolsShape),
    frameType("LLMFullResponseStartFrame", LLMFullResponseStartFrame),
    frameType("LLMFullResponseEndFrame", LLMFullResponseEndFrame),
    frameType(
      "FunctionCallsStartedFrame",
      FunctionCallsStartedFrame,
      fields<FunctionCallsStartedFrameInit, FrameInit>({ functionCalls: ["function_calls", listOf(functionCall)] }),
    ),
    frameType(
      "FunctionCallInProgressFrame",
      FunctionCallInProgressFrame,
      fields<FunctionCallInProgressFrameInit, FrameInit>({
        ...callFields,
        cancelOnInterruption: ["cancel_on_interruption", optional(flag)],
        groupId: ["group_id", optional(text)],
      }),
    ),
    frameType("FunctionCallResultFrame", FunctionCallResultFrame, result),
    frameType(
      "FunctionCallCancelFrame",
      FunctionCallCancelFrame,
      fields<FunctionCallCancelFrameInit, FrameInit>({
        functionName: ["function_name", text],
        toolCallId: ["tool_call_id", text],
      }),
    ),
    frameType("ErrorFrame", ErrorFrame, error),
    frameType("InterruptionFrame", InterruptionFrame),
    frameType("UserStartedSpeakingFrame", UserStartedSpeakingFrame),
    frameType("UserStoppedSpeakingFrame", UserStoppedSpeakingFrame),
    frameType("BotStartedSpeakingFrame", BotStartedSpeakingFrame),
    frameType("BotStoppedSpeakingFrame", BotStoppedSpeakingFrame),
  ];
}
