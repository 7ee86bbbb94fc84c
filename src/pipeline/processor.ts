import { TrunklineError } from "../errors.ts";
import type { Frame, FrameDirection } from "../frames/index.ts";
import { done } from "../util/index.ts";

/** Takes what leaves a branch at either end. */
export type Leave = (frame: Frame, direction: FrameDirection) => void | Promise<void>;

/** Processors inside another one. They belong to the pipeline around it: it cancels them and cleans them up. */
export interface Branch {
  /** Puts a frame in at the upper end, or at the lower one if it travels upstream. Waits like a push. */
  enter(frame: Frame, direction: FrameDirection): Promise<void>;
}

/** What a processor's place in a running pipeline does for it. */
export interface ProcessorPlace {
  push(frame: Frame, direction: FrameDirection): Promise<void>;
  pushError(error: unknown, fatal: boolean): Promise<void>;
  readonly signal: AbortSignal;
  /** Gives processors inside this one places of their own. */
  branch(processors: readonly FrameProcessor[], leave: Leave): Branch;
}

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
   * Passes a frame to the neighbour. Resolves at once, or, when too many frames wait downstream, once there is room.
   * Without a pipeline around it, and after its end, the frame is dropped.
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

  toString(): string {
    return this.name;
  }
}
