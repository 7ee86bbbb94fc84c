import {
  type Frame,
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
  LLMConfigureOutputFrame,
  type LLMConfigureOutputFrameInit,
  LLMContextFrame,
  type LLMContextFrameInit,
  LLMFullResponseEndFrame,
  type LLMFullResponseFrameInit,
  LLMFullResponseStartFrame,
  LLMMessagesAppendFrame,
  type LLMMessagesFrameInit,
  LLMMessagesUpdateFrame,
  LLMRunFrame,
  LLMSetToolChoiceFrame,
  type LLMSetToolChoiceFrameInit,
  LLMSetToolsFrame,
} from "../frames/index.ts";
import { frameType } from "./frame-type.ts";
import { flag, json, jsonObject, listOf, optional, tagged, text } from "./kinds.ts";
import { context, frameMessages, toolChoice, toolsShape } from "./llm-kinds.ts";
import { fields, type Shape, taggedRecord } from "./shape.ts";
import type { WireType } from "./type-table.ts";

const messages = fields<LLMMessagesFrameInit, FrameInit>({
  messages: ["messages", frameMessages],
  runLlm: ["run_llm", optional(flag)],
});

const response = fields<LLMFullResponseFrameInit, FrameInit>({ skipTts: ["skip_tts", optional(flag)] });

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
  error: ["error", optional(text)],
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

/** Conversations, their tools and the calls of them. */
export function llmFrameTypes(): readonly WireType<Frame>[] {
  return [
    frameType(
      "LLMContextFrame",
      LLMContextFrame,
      fields<LLMContextFrameInit, FrameInit>({ context: ["context", context] }),
    ),
    frameType("LLMRunFrame", LLMRunFrame),
    frameType("LLMMessagesAppendFrame", LLMMessagesAppendFrame, messages),
    frameType("LLMMessagesUpdateFrame", LLMMessagesUpdateFrame, messages),
    frameType("LLMSetToolsFrame", LLMSetToolsFrame, toolsShape),
    frameType(
      "LLMSetToolChoiceFrame",
      LLMSetToolChoiceFrame,
      fields<LLMSetToolChoiceFrameInit, FrameInit>({ toolChoice: ["tool_choice", toolChoice] }),
    ),
    frameType(
      "LLMConfigureOutputFrame",
      LLMConfigureOutputFrame,
      fields<LLMConfigureOutputFrameInit, FrameInit>({ skipTts: ["skip_tts", flag] }),
    ),
    frameType("LLMFullResponseStartFrame", LLMFullResponseStartFrame, response),
    frameType("LLMFullResponseEndFrame", LLMFullResponseEndFrame, response),
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
        runLlm: ["run_llm", optional(flag)],
      }),
    ),
  ];
}
