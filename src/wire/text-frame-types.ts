import {
  AggregatedTextFrame,
  type AggregatedTextFrameInit,
  type Frame,
  type FrameInit,
  InputTextRawFrame,
  InterimTranscriptionFrame,
  type InterimTranscriptionFrameInit,
  LLMTextFrame,
  LLMThoughtEndFrame,
  type LLMThoughtEndFrameInit,
  LLMThoughtStartFrame,
  type LLMThoughtStartFrameInit,
  LLMThoughtTextFrame,
  type LLMThoughtTextFrameInit,
  TextFrame,
  type TextFrameInit,
  TranscriptionFrame,
  type TranscriptionFrameInit,
  TTSSpeakFrame,
  type TTSSpeakFrameInit,
  TTSStartedFrame,
  type TTSStartedFrameInit,
  TTSStoppedFrame,
  type TTSStoppedFrameInit,
  TTSTextFrame,
} from "../frames/index.ts";
import { frameType } from "./frame-type.ts";
import { flag, jsonOrBytes, optional, text } from "./kinds.ts";
import { fields, type Shape } from "./shape.ts";
import type { WireType } from "./type-table.ts";

const textFields = {
  text: ["text", text],
  skipTts: ["skip_tts", optional(flag)],
  includesInterFrameSpaces: ["includes_inter_frame_spaces", optional(flag)],
  appendToContext: ["append_to_context", optional(flag)],
} as const;
const plain = fields<TextFrameInit, FrameInit>(textFields);

const interimFields = {
  ...textFields,
  userId: ["user_id", text],
  timestamp: ["timestamp", text],
  language: ["language", optional(text)],
} as const;

const aggregatedFields = fields<AggregatedTextFrameInit, FrameInit>({
  ...textFields,
  textType: ["text_type", text],
  contextId: ["context_id", optional(text)],
  rawText: ["raw_text", optional(text)],
  willBeSpoken: ["will_be_spoken", optional(flag)],
});

/** Pipecat called the type of a text `aggregated_by` before 1.13. Both names are written, and either is read. */
const aggregated: Shape = {
  write: (frame, data, scope) => {
    aggregatedFields.write(frame, data, scope);
    data.aggregated_by = data.text_type;
  },
  read: (data, init, scope) => {
    aggregatedFields.read({ ...data, text_type: data.text_type ?? data.aggregated_by }, init, scope);
  },
};

/** Text of users and models, thoughts, and text to speech but for its audio. */
export function textFrameTypes(): readonly WireType<Frame>[] {
  return [
    frameType("TextFrame", TextFrame, plain),
    frameType("LLMTextFrame", LLMTextFrame, plain),
    frameType("InputTextRawFrame", InputTextRawFrame, plain),
    frameType("AggregatedTextFrame", AggregatedTextFrame, aggregated),
    frameType("TTSTextFrame", TTSTextFrame, aggregated),
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
      "TTSStartedFrame",
      TTSStartedFrame,
      fields<TTSStartedFrameInit, FrameInit>({
        contextId: ["context_id", optional(text)],
        appendToContext: ["append_to_context", optional(flag)],
      }),
    ),
    frameType(
      "TTSStoppedFrame",
      TTSStoppedFrame,
      fields<TTSStoppedFrameInit, FrameInit>({ contextId: ["context_id", optional(text)] }),
    ),
    frameType(
      "LLMThoughtStartFrame",
      LLMThoughtStartFrame,
      fields<LLMThoughtStartFrameInit, FrameInit>({
        appendToContext: ["append_to_context", optional(flag)],
        llm: ["llm", optional(text)],
      }),
    ),
    frameType(
      "LLMThoughtTextFrame",
      LLMThoughtTextFrame,
      fields<LLMThoughtTextFrameInit, FrameInit>({
        text: ["text", text],
        includesInterFrameSpaces: ["includes_inter_frame_spaces", optional(flag)],
      }),
    ),
    frameType(
      "LLMThoughtEndFrame",
      LLMThoughtEndFrame,
      fields<LLMThoughtEndFrameInit, FrameInit>({ signature: ["signature", jsonOrBytes] }),
    ),
  ];
}
