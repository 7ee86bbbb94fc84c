import { TrunklineError } from "../errors.ts";
import type { Frame, FrameDirection, MetricsData } from "../frames/index.ts";
import { done } from "../util/index.ts";
import { measureNothing, type ProcessorMetrics, type StopMeasuring } from "./processor-metrics.ts";

/** Takes what leaves a branch at either end. */
export type Leave = (frame: Frame, direction: FrameDirection) => void | Promise<void>;

/** Processors inside another one. They belong to the pipeline around it: it cancels them and cleans them up. */
export interface Branch {
  /** Puts a frame in at the upper end, or at the lower one if it travels upstream. Waits like a push. */
  enter(frame: Frame, direction: FrameDirection): Promise<void>;
  /** Resolves once the system frames that have entered so far are handled, each as far as it went. */
  systemFlushed(direction: FrameDirection): Promise<void>;
}

/** What a processor's place in a running pipeline does for it. */
export interface ProcessorPlace {
  /** Hands a frame to the neighbour; waits while too many wait there. */
  push(frame: Frame, direction: FrameDirection): Promise<void>;
  /** Reports an error upstream; a fatal one ends the pipeline. */
  pushError(error: unknown, fatal: boolean): Promise<void>;
  readonly signal: AbortSignal;
  /** Undefined before the start, and where the start asked for none. */
  readonly metrics: ProcessorMetrics | undefined;
  /**
   * Takes a frame from outside the pipeline that goes on from here, unprocessed: a system frame at once, another one
   * behind those that wait here and that it `mustFollow`. Resolves at once, or, when there is no room, once it has gone.
   */
  pass(frame: Frame, direction: FrameDirection, mustFollow: (waiting: Frame) => boolean): Promise<void>;
  /** Holds back what comes next, except system frames. */
  pause(): void;
  /** Ends a pause. */
  resume(): void;
  /** Gives processors inside this one places of their own. */
  branch(processors: readonly FrameProcessor[], leave: Leave): Branch;
}

/** What every processor may be built with. */
export interface FrameProcessorOptions {
  /** For logs and errors. Default: the class's name. */
  readonly name?: string | undefined;
}

/**
 * One step of a pipeline. Override {@link process}, look at what comes and push what should go on:
 *
 * - system frames are handled at once, also while another frame is still being processed;
 * - data and control frames are handled one at a time, in order;
 * - a frame that is not pushed goes no further.
 */
export class FrameProcessor {
  readonly name: string;
  #place: ProcessorPlace | undefined;

  constructor(options: FrameProcessorOptions = {}) {
    this.name = options.name ?? this.constructor.name;
  }

  /**
   * Handles one frame. The default passes it on. What it throws becomes an `ErrorFrame` that travels upstream;
   * the pipeline goes on.
   */
  process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    return this.push(frame, direction);
  }

  /** Releases what the processor holds. Called once, however the pipeline ended. */
  cleanup(): void | Promise<void> {}

  /**
   * Lets data and control frames wait, in order, from the next one on; system frames are handled as ever, and an
   * interruption still drops what it may. Twice is as good as once. An end waits as well; a cancel does not.
   * Without a pipeline around it this does nothing.
   */
  pause(): void {
    this.#place?.pause();
  }

  /** Goes on with what waits. */
  resume(): void {
    this.#place?.resume();
  }

  /**
   * Passes a frame to the neighbour. Resolves at once, or, when too many frames wait downstream, once there is room.
   * Without a pipeline around it, and after its end, the frame is dropped.
   * @throws TrunklineError `TL_QUEUE_FULL` when 65,536 frames wait there that were pushed without waiting
   */
  protected push(frame: Frame, direction: FrameDirection = "downstream"): Promise<void> {
    return this.#place === undefined ? done : this.#place.push(frame, direction);
  }

  /** Reports an error upstream. A fatal one ends the pipeline. */
  protected pushError(error: unknown, options: { readonly fatal?: boolean } = {}): Promise<void> {
    return this.#place === undefined ? done : this.#place.pushError(error, options.fatal ?? false);
  }

  /** Aborts at the next interruption and when the pipeline is cancelled; take it before the work it is to stop. */
  protected get signal(): AbortSignal {
    return this.#place?.signal ?? new AbortController().signal;
  }

  /** True once the start has asked for measurements of time. */
  protected get metricsEnabled(): boolean {
    return this.#place?.metrics?.enabled ?? false;
  }

  /** True once the start has asked what is used: tokens, audio, characters. */
  protected get usageMetricsEnabled(): boolean {
    return this.#place?.metrics?.usageEnabled ?? false;
  }

  /**
   * Starts a stopwatch for the time to the first byte of an answer. Calling what it returns ends it, once, and pushes
   * a `MetricsFrame` downstream. Does nothing unless the start asked for it; one that is never ended costs nothing.
   */
  protected startTTFB(model?: string): StopMeasuring {
    return this.#place?.metrics?.startTTFB(model) ?? measureNothing;
  }

  /** The same for the time that work on one request takes. */
  protected startProcessing(model?: string): StopMeasuring {
    return this.#place?.metrics?.startProcessing(model) ?? measureNothing;
  }

  /** Pushes other measurements downstream, as far as the start asked for them; usage apart from the rest. */
  protected pushMetrics(data: readonly MetricsData[]): Promise<void> {
    return this.#place?.metrics?.push(data) ?? done;
  }

  /**
   * Called by the pipeline that takes the processor in.
   * @throws TrunklineError `TL_INVALID_OPTION` when it already belongs to one
   */
  attach(place: ProcessorPlace): void {
    if (this.#place !== undefined) {
      throw new TrunklineError(
        "TL_INVALID_OPTION",
        `The processor ${this.name} is already part of a pipeline. Build a new one for each pipeline.`,
      );
    }
    this.#place = place;
  }

  /** Its {@link name}, for logs. */
  toString(): string {
    return this.name;
  }
}
