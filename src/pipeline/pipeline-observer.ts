import { messageOf } from "../errors.ts";
import { ErrorFrame, type Frame, type FrameDirection } from "../frames/index.ts";
import { isPromiseLike } from "../util/index.ts";
import type { PipelineOutcome } from "./pipeline-outcome.ts";
import type { FrameProcessor } from "./processor.ts";

/** One frame on its way from one processor to the next. */
export interface PushedFrame {
  readonly frame: Frame;
  /** Who pushed it; at the ends of a pipeline, and of each branch, a processor named `PipelineSource` or `PipelineSink`. */
  readonly source: FrameProcessor;
  /** Who is to handle it. */
  readonly destination: FrameProcessor;
  readonly direction: FrameDirection;
  /** When, in milliseconds since 1970, with fractions. */
  readonly timestampMs: number;
}

/**
 * Watches a pipeline from outside. The pipeline waits for none of these methods, not even one after the other; the
 * first error of an observer is reported, and it is called on.
 */
export interface PipelineObserver {
  /** A frame has been pushed, inside a branch too. */
  onFrame?(pushed: PushedFrame): void | Promise<void>;
  /** The start has passed every processor. */
  onStarted?(): void | Promise<void>;
  /** The pipeline has ended; all processors are cleaned up. */
  onFinished?(outcome: PipelineOutcome): void | Promise<void>;
}

/** The observers of one pipeline. */
export class Observers {
  readonly #observers: readonly PipelineObserver[];
  readonly #report: (frame: ErrorFrame) => void;
  readonly #failed = new Set<PipelineObserver>();

  constructor(observers: readonly PipelineObserver[], report: (frame: ErrorFrame) => void) {
    this.#observers = observers;
    this.#report = report;
  }

  pushed(pushed: PushedFrame): void {
    this.#tell((observer) => observer.onFrame?.(pushed));
  }

  started(): void {
    this.#tell((observer) => observer.onStarted?.());
  }

  finished(outcome: PipelineOutcome): void {
    this.#tell((observer) => observer.onFinished?.(outcome));
  }

  #tell(call: (observer: PipelineObserver) => void | Promise<void>): void {
    for (const observer of this.#observers) {
      try {
        const told = call(observer);
        if (isPromiseLike(told)) told.then(undefined, (error: unknown) => this.#failure(observer, error));
      } catch (error) {
        this.#failure(observer, error);
      }
    }
  }

  #failure(observer: PipelineObserver, cause: unknown): void {
    if (this.#failed.has(observer)) return;
    this.#failed.add(observer);
    const error = `A pipeline observer failed: ${messageOf(cause)}`;
    this.#report(new ErrorFrame({ error, cause, processor: "PipelineObserver" }));
  }
}
