import {
  CancelFrame,
  EndFrame,
  ErrorFrame,
  type Frame,
  type FrameClass,
  HeartbeatFrame,
  StartFrame,
  StopFrame,
} from "../frames/index.ts";
import {
  FlushFrame,
  FrameProcessorPauseFrame,
  FrameProcessorPauseUrgentFrame,
  FrameProcessorResumeFrame,
  FrameProcessorResumeUrgentFrame,
} from "../pipeline/index.ts";

/** Frames that begin, end, flush, pause or watch over one pipeline and mean nothing to another. */
const lifecycleFrames: readonly FrameClass[] = [
  StartFrame,
  EndFrame,
  StopFrame,
  CancelFrame,
  FlushFrame,
  HeartbeatFrame,
  FrameProcessorPauseFrame,
  FrameProcessorPauseUrgentFrame,
  FrameProcessorResumeFrame,
  FrameProcessorResumeUrgentFrame,
];

/** True when a frame may leave its pipeline for the bus. */
export function mayCross(frame: Frame, excludeFrames: readonly FrameClass[]): boolean {
  const isA = (frameClass: FrameClass) => frame instanceof frameClass;
  return !lifecycleFrames.some(isA) && !excludeFrames.some(isA);
}

/** A frame as it may enter: an error of another pipeline, perhaps of another machine, is told here but ends nothing. */
export function asGuest(frame: Frame): Frame {
  if (!(frame instanceof ErrorFrame) || !frame.fatal) return frame;
  return new ErrorFrame({ error: frame.error, processor: frame.processor, cause: frame.cause });
}
