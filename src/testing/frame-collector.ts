import { Frame, type FrameClass, type FrameDirection, TextFrame } from "../frames/index.ts";
import { FrameProcessor } from "../pipeline/index.ts";
import { Arrivals, type WaitOptions } from "./arrivals.ts";
import { wishFor } from "./wanted.ts";

/** A frame that has passed, and which way. */
export interface PassedFrame {
  readonly frame: Frame;
  readonly direction: FrameDirection;
}

/** Which frame is waited for, and how long. */
export interface FrameWaitOptions extends WaitOptions {
  /** Which way the frame travels. Default: either. */
  readonly direction?: FrameDirection | undefined;
}

/** Keeps every frame that passes its place in a pipeline, and passes it on. */
export class FrameCollector extends FrameProcessor {
  readonly #passed = new Arrivals<PassedFrame>(({ frame, direction }) => `${frame.constructor.name} ${direction}`);

  override process(frame: Frame, direction: FrameDirection): Promise<void> {
    this.#passed.add({ frame, direction });
    return this.push(frame, direction);
  }

  /** Everything that has passed, in order. */
  get passed(): readonly PassedFrame[] {
    return this.#passed.all;
  }

  /** The frames of a class, subclasses included, whichever way they went. */
  frames<F extends Frame>(frameClass: FrameClass<F>): readonly F[] {
    return this.passed.map(({ frame }) => frame).filter((frame): frame is F => frame instanceof frameClass);
  }

  /** The text of every text frame, transcriptions and a model's chunks included. */
  get texts(): readonly string[] {
    return this.frames(TextFrame).map(({ text }) => text);
  }

  /**
   * The first frame of a class, or that a function says yes to; at once if it has passed already.
   * @throws TrunklineError `TL_TEST_FAILED` when none has passed in time
   */
  waitFor(predicate: (frame: Frame) => boolean, options?: FrameWaitOptions): Promise<Frame>;
  waitFor<F extends Frame>(frameClass: FrameClass<F>, options?: FrameWaitOptions): Promise<F>;
  async waitFor(
    wanted: FrameClass | ((frame: Frame) => boolean),
    { direction, ...options }: FrameWaitOptions = {},
  ): Promise<Frame> {
    const { fits, what } = wishFor<Frame>(wanted, Frame);
    const { frame } = await this.#passed.waitFor(
      (passed) => (direction === undefined || passed.direction === direction) && fits(passed.frame),
      direction === undefined ? what : `${what}, ${direction},`,
      options,
    );
    return frame;
  }
}
