import type { ErrorFrame, Frame, FrameClass, StartFrameInit } from "../frames/index.ts";
import type { PipelineObserver } from "./pipeline-observer.ts";
import type { PipelineOutcome } from "./pipeline-outcome.ts";

/** How a pipeline is run. */
export interface PipelineTaskOptions {
  /** What the `StartFrame` says. Default: its own defaults. */
  readonly start?: StartFrameInit | undefined;
  /** How many data and control frames may wait at one processor before pushes to it wait; at least 1. Default 1,024. */
  readonly maxQueuedFrames?: number | undefined;
  /** Who sees every frame that one processor pushes to another. Default: nobody. */
  readonly observers?: readonly PipelineObserver[] | undefined;
  /** After how long without any of {@link idleFrames} the pipeline counts as idle, in milliseconds. Default: never. */
  readonly idleTimeoutMs?: number | undefined;
  /** What shows that somebody speaks or writes. Default: text of any kind, and user or bot speaking. */
  readonly idleFrames?: readonly FrameClass[] | undefined;
  /** Whether an idle pipeline is cancelled, with the reason `idle`. Default true. */
  readonly cancelOnIdle?: boolean | undefined;
}

/** What a running pipeline tells those that listen with `on`. */
export interface PipelineTaskEvents {
  /** The start has passed every processor. */
  started: undefined;
  /** A frame left the pipeline at its upper end. */
  frameReachedUpstream: Frame;
  /** A frame left the pipeline at its lower end. */
  frameReachedDownstream: Frame;
  /** A processor failed. The pipeline goes on unless the frame is fatal. */
  error: ErrorFrame;
  /** Nobody has spoken or written for `idleTimeoutMs`; comes again each time that is over, unless it cancels. */
  idle: undefined;
  /** Ended, in whatever way; all processors are cleaned up. */
  finished: PipelineOutcome;
}
