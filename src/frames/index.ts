export { type AudioFrameInit, InputAudioRawFrame, OutputAudioRawFrame, TTSAudioRawFrame } from "./audio.ts";
export {
  ControlFrame,
  DataFrame,
  Frame,
  type FrameClass,
  type FrameDirection,
  type FrameInit,
  isInterruptible,
  SystemFrame,
} from "./frame.ts";
export {
  type FunctionCall,
  FunctionCallCancelFrame,
  type FunctionCallCancelFrameInit,
  FunctionCallInProgressFrame,
  type FunctionCallInProgressFrameInit,
  FunctionCallResultFrame,
  type FunctionCallResultFrameInit,
  FunctionCallsStartedFrame,
  type FunctionCallsStartedFrameInit,
} from "./function-calls.ts";
export {
  CancelFrame,
  EndFrame,
  ErrorFrame,
  type ErrorFrameInit,
  InterruptionFrame,
  type ReasonInit,
  StartFrame,
  type StartFrameInit,
  StopFrame,
} from "./lifecycle.ts";
export {
  LLMContextFrame,
  type LLMContextFrameInit,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMMessagesAppendFrame,
  type LLMMessagesFrameInit,
  LLMMessagesUpdateFrame,
  LLMRunFrame,
  LLMSetToolsFrame,
  type LLMSetToolsFrameInit,
} from "./llm.ts";
export {
  isSpecificMessage,
  type LLMContentPart,
  LLMContext,
  type LLMContextInit,
  type LLMContextMessage,
  type LLMSpecificMessage,
  type LLMStandardMessage,
  type LLMToolCall,
  type ToolChoice,
  type ToolSchema,
} from "./llm-context.ts";
export {
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "./speaking.ts";
export {
  InterimTranscriptionFrame,
  type InterimTranscriptionFrameInit,
  LLMTextFrame,
  TextFrame,
  type TextFrameInit,
  TranscriptionFrame,
  type TranscriptionFrameInit,
  TTSSpeakFrame,
  type TTSSpeakFrameInit,
} from "./text.ts";
