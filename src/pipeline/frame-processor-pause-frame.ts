import { ControlFrame, type Frame, type FrameInit, SystemFrame } from "../frames/index.ts";
import type { FrameProcessor } from "./processor.ts";

export interface FrameProcessorPauseFrameInit extends FrameInit {
  /** Who is meant. To all others it is a frame like any other. */
  readonly processor: FrameProcessor;
}

/** Pauses a processor once what was queued before it is handled. Stays in its pipeline. */
export class FrameProcessorPauseFrame extends ControlFrame {
  // A pause without its resume would hold up the pipeline for good.
  static override readonly interruptible = false;
  readonly processor: FrameProcessor;

  constructor(init: FrameProcessorPauseFrameInit) {
    super(init);
    this.processor = init.processor;
  }
}

/**
 * Lets a paused processor go on: with what waits there first, then with this frame. As it could not come to its turn
 * while the processor is paused, it takes effect when it arrives there. When so much waits that the processors before
 * it are held up as well, it does not arrive: use the urgent one, or `resume()`.
 */
export class FrameProcessorResumeFrame extends ControlFrame {
  static override readonly interruptible = false;
  readonly processor: FrameProcessor;

  constructor(init: FrameProcessorPauseFrameInit) {
    super(init);
    this.processor = init.processor;
  }
}

/** Pauses a processor at once, ahead of what is queued. Stays in its pipeline. */
export class FrameProcessorPauseUrgentFrame extends SystemFrame {
  readonly processor: FrameProcessor;

  constructor(init: FrameProcessorPauseFrameInit) {
    super(init);
    this.processor = init.processor;
  }
}

/** Lets a paused processor go on, ahead of what is queued. */
export class FrameProcessorResumeUrgentFrame extends SystemFrame {
  readonly processor: FrameProcessor;

  constructor(init: FrameProcessorPauseFrameInit) {
    super(init);
    this.processor = init.processor;
  }
}

export function pauses(frame: Frame, processor: FrameProcessor): boolean {
  const isPause = frame instanceof FrameProcessorPauseFrame || frame instanceof FrameProcessorPauseUrgentFrame;
  return isPause && frame.processor === processor;
}

export function resumes(frame: Frame, processor: FrameProcessor): boolean {
  const isResume = frame instanceof FrameProcessorResumeFrame || frame instanceof FrameProcessorResumeUrgentFrame;
  return isResume && frame.processor === processor;
}
