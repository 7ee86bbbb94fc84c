import {
  type AudioFrameInit,
  type Frame,
  type FrameClass,
  type FrameInit,
  type ImageFrameInit,
  type ImageSize,
  InputAudioRawFrame,
  InputImageRawFrame,
  OutputAudioRawFrame,
  OutputImageRawFrame,
  type OutputImageRawFrameInit,
  type RawAudio,
  SpeechOutputAudioRawFrame,
  TTSAudioRawFrame,
  type TTSAudioRawFrameInit,
  URLImageRawFrame,
  type URLImageRawFrameInit,
  UserAudioRawFrame,
  type UserAudioRawFrameInit,
  UserImageRawFrame,
  type UserImageRawFrameInit,
  UserImageRequestFrame,
  type UserImageRequestFrameInit,
} from "../frames/index.ts";
import { Flaw, within } from "./flaw.ts";
import { frameOf, frameType } from "./frame-type.ts";
import { bytes, count, derived, flag, integer, type Kind, natural, optional, text } from "./kinds.ts";
import { empty, fields } from "./shape.ts";
import type { WireScope, WireType } from "./type-table.ts";

const audio = fields<AudioFrameInit, FrameInit, RawAudio>({
  audio: ["audio", bytes],
  sampleRate: ["sample_rate", count],
  numChannels: ["num_channels", optional(count)],
  numFrames: ["num_frames", derived(integer)],
});

/** A pair there too, which a peer's own serializer drops: an image from such a peer has no size, and is refused. */
const size: Kind<ImageSize> = { write: sizeOf, read: sizeOf };

function sizeOf(value: unknown, scope: WireScope): ImageSize {
  if (!Array.isArray(value) || value.length !== 2) throw new Flaw("shape", "must be a list of width and height");
  const [width, height]: readonly unknown[] = value;
  return [within(0, () => natural.read(width, scope)), within(1, () => natural.read(height, scope))];
}

const image = fields<ImageFrameInit, FrameInit>({
  image: ["image", bytes],
  size: ["size", size],
  format: ["format", optional(text)],
});

const outputFields = { syncWithAudio: ["sync_with_audio", optional(flag)] } as const;

/** Audio and images. */
export function mediaFrameTypes(): readonly WireType<Frame>[] {
  // Python's classes inherit these fields ahead of a frame's own.
  const withAudio = (name: string, Class: FrameClass, own = empty) => frameType(name, Class, own, audio);
  const withImage = (name: string, Class: FrameClass, own = empty) => frameType(name, Class, own, image);
  return [
    withAudio("InputAudioRawFrame", InputAudioRawFrame),
    withAudio(
      "UserAudioRawFrame",
      UserAudioRawFrame,
      fields<UserAudioRawFrameInit, AudioFrameInit>({ userId: ["user_id", optional(text)] }),
    ),
    withAudio("OutputAudioRawFrame", OutputAudioRawFrame),
    withAudio("SpeechOutputAudioRawFrame", SpeechOutputAudioRawFrame),
    withAudio(
      "TTSAudioRawFrame",
      TTSAudioRawFrame,
      fields<TTSAudioRawFrameInit, AudioFrameInit>({ contextId: ["context_id", optional(text)] }),
    ),
    withImage("InputImageRawFrame", InputImageRawFrame),
    withImage(
      "UserImageRawFrame",
      UserImageRawFrame,
      fields<UserImageRawFrameInit, ImageFrameInit>({
        userId: ["user_id", optional(text)],
        text: ["text", optional(text)],
        appendToContext: ["append_to_context", optional(flag)],
        request: ["request", optional(frameOf(UserImageRequestFrame))],
        runLlm: ["run_llm", optional(flag)],
      }),
    ),
    withImage(
      "OutputImageRawFrame",
      OutputImageRawFrame,
      fields<OutputImageRawFrameInit, ImageFrameInit>(outputFields),
    ),
    withImage(
      "URLImageRawFrame",
      URLImageRawFrame,
      fields<URLImageRawFrameInit, ImageFrameInit>({ ...outputFields, url: ["url", optional(text)] }),
    ),
    frameType(
      "UserImageRequestFrame",
      UserImageRequestFrame,
      fields<UserImageRequestFrameInit, FrameInit>({
        userId: ["user_id", text],
        text: ["text", optional(text)],
        appendToContext: ["append_to_context", optional(flag)],
        videoSource: ["video_source", optional(text)],
        functionName: ["function_name", optional(text)],
        toolCallId: ["tool_call_id", optional(text)],
      }),
    ),
  ];
}
