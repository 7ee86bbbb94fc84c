import {
  BotSpeakingFrame,
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  ErrorFrame,
  type ErrorFrameInit,
  type Frame,
  type FrameInit,
  HeartbeatFrame,
  type HeartbeatFrameInit,
  InterruptionFrame,
  LLMUpdateSettingsFrame,
  MetricsFrame,
  type MetricsFrameInit,
  STTMuteFrame,
  type STTMuteFrameInit,
  STTUpdateSettingsFrame,
  TTSUpdateSettingsFrame,
  UserMuteStartedFrame,
  UserMuteStoppedFrame,
  UserSpeakingFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  VADUserStartedSpeakingFrame,
  type VADUserStartedSpeakingFrameInit,
  VADUserStoppedSpeakingFrame,
  type VADUserStoppedSpeakingFrameInit,
} from "../frames/index.ts";
import { frameType } from "./frame-type.ts";
import { duration, flag, integer, listOf, moment, optional, text } from "./kinds.ts";
import { llmFrameTypes } from "./llm-frame-types.ts";
import { mediaFrameTypes } from "./media-frame-types.ts";
import { metricsData } from "./metrics-kind.ts";
import { settings } from "./settings-shape.ts";
import { fields, unsent } from "./shape.ts";
import { textFrameTypes } from "./text-frame-types.ts";
import { transportFrameTypes } from "./transport-frame-types.ts";
import type { WireType } from "./type-table.ts";

const error = fields<ErrorFrameInit, FrameInit>({
  error: ["error", text],
  fatal: ["fatal", optional(flag)],
  cause: unsent,
  // A peer takes this for a processor, the object, and asks it whether it still works.
  processor: unsent,
});

/** The frames that cross a bus. Those that start and end a pipeline are not here: they never leave it. */
export function frameTypes(): readonly WireType<Frame>[] {
  return [
    ...mediaFrameTypes(),
    ...textFrameTypes(),
    ...llmFrameTypes(),
    ...transportFrameTypes(),
    ...speakingFrameTypes(),
    frameType("LLMUpdateSettingsFrame", LLMUpdateSettingsFrame, settings),
    frameType("TTSUpdateSettingsFrame", TTSUpdateSettingsFrame, settings),
    frameType("STTUpdateSettingsFrame", STTUpdateSettingsFrame, settings),
    frameType("ErrorFrame", ErrorFrame, error),
    frameType("InterruptionFrame", InterruptionFrame),
    frameType(
      "HeartbeatFrame",
      HeartbeatFrame,
      fields<HeartbeatFrameInit, FrameInit>({ timestamp: ["timestamp", integer] }),
    ),
    frameType(
      "MetricsFrame",
      MetricsFrame,
      fields<MetricsFrameInit, FrameInit>({ data: ["data", listOf(metricsData)] }),
    ),
  ];
}

function speakingFrameTypes(): readonly WireType<Frame>[] {
  return [
    frameType("UserStartedSpeakingFrame", UserStartedSpeakingFrame),
    frameType("UserStoppedSpeakingFrame", UserStoppedSpeakingFrame),
    frameType("UserSpeakingFrame", UserSpeakingFrame),
    frameType(
      "VADUserStartedSpeakingFrame",
      VADUserStartedSpeakingFrame,
      fields<VADUserStartedSpeakingFrameInit, FrameInit>({
        startMs: ["start_secs", optional(duration)],
        timestamp: ["timestamp", optional(moment)],
      }),
    ),
    frameType(
      "VADUserStoppedSpeakingFrame",
      VADUserStoppedSpeakingFrame,
      fields<VADUserStoppedSpeakingFrameInit, FrameInit>({
        stopMs: ["stop_secs", optional(duration)],
        timestamp: ["timestamp", optional(moment)],
      }),
    ),
    frameType("BotStartedSpeakingFrame", BotStartedSpeakingFrame),
    frameType("BotStoppedSpeakingFrame", BotStoppedSpeakingFrame),
    frameType("BotSpeakingFrame", BotSpeakingFrame),
    frameType("UserMuteStartedFrame", UserMuteStartedFrame),
    frameType("UserMuteStoppedFrame", UserMuteStoppedFrame),
    frameType("STTMuteFrame", STTMuteFrame, fields<STTMuteFrameInit, FrameInit>({ mute: ["mute", flag] })),
  ];
}
