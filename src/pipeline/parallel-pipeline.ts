import { TrunklineError } from "../errors.ts";
import { type Frame, type FrameDirection, InterruptionFrame, StartFrame } from "../frames/index.ts";
import { done } from "../util/index.ts";
import { type Passage, Passages } from "./passage.ts";
import { Pipeline } from "./pipeline.ts";
import { type Branch, FrameProcessor, type FrameProcessorOptions, type ProcessorPlace } from "./processor.ts";

/**
 * Several pipelines side by side, in the place of one processor. They may hold parallel pipelines in turn.
 *
 * 1. Each branch gets every frame that comes in, from either side, in order.
 * 2. A frame that came in goes on when the first branch lets it out, and only once; what a branch makes goes on at
 *    once. So a branch may keep what the others need.
 * 3. Start, end and stop go on once all branches have let them out, and what leaves a branch after one of them stays
 *    behind it. One that a branch keeps goes no further.
 * 4. An interruption goes on once every branch has handled it, and at least one has let it out: what was made before
 *    it does not follow it. System frames behind it wait as long.
 * 5. The slowest branch holds the others up once its queue is full.
 */
export class ParallelPipeline extends FrameProcessor {
  readonly #pipelines: readonly Pipeline[];
  readonly #passages = new Passages();
  #branches: readonly Branch[] = [];

  /**
   * @param branches one pipeline, or list of processors, for each branch; one that is empty lets all frames pass
   * @throws TrunklineError `TL_INVALID_OPTION` without any branch
   */
  constructor(
    branches: readonly (Pipeline | readonly (FrameProcessor | Pipeline)[])[],
    options: FrameProcessorOptions = {},
  ) {
    super(options);
    if (branches.length === 0) {
      throw new TrunklineError(
        "TL_INVALID_OPTION",
        "A parallel pipeline needs at least one branch. Give it a pipeline.",
      );
    }
    this.#pipelines = branches.map((branch) => (branch instanceof Pipeline ? branch : new Pipeline(branch)));
  }

  override attach(place: ProcessorPlace): void {
    super.attach(place);
    this.#branches = this.#pipelines.map(({ processors }, index) =>
      place.branch(processors, (frame, direction) => this.#leave(index, frame, direction)),
    );
  }

  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    if (frame instanceof StartFrame) return this.#start(frame, direction);
    if (frame instanceof InterruptionFrame) return this.#interrupt(frame, direction);
    this.#passages.enter(frame, direction, this.#branches.length);
    return this.#enter(frame, direction);
  }

  /** No frame comes in before every branch has started. */
  async #start(frame: StartFrame, direction: FrameDirection): Promise<void> {
    const { signal } = this;
    const passage = this.#passages.enter(frame, direction, this.#branches.length);
    const giveUp = () => passage.release();
    signal.addEventListener("abort", giveUp, { once: true });
    await this.#enter(frame, direction);
    await passage.merged;
    signal.removeEventListener("abort", giveUp);
  }

  async #interrupt(frame: InterruptionFrame, direction: FrameDirection): Promise<void> {
    const passage = this.#passages.enter(frame, direction, this.#branches.length);
    await this.#enter(frame, direction);
    const handled = this.#branches.map(async (branch, index) => {
      await branch.systemFlushed(direction);
      if (passage.finish(index)) await this.#goOn(passage, frame, direction);
    });
    await Promise.all(handled);
  }

  #enter(frame: Frame, direction: FrameDirection): Promise<void> {
    const entered = this.#branches.map((branch) => branch.enter(frame, direction));
    // Mostly there is room everywhere, and then this costs no promise.
    const full = entered.filter((room) => room !== done);
    return full.length === 0 ? done : Promise.all(full).then(() => {});
  }

  #leave(branch: number, frame: Frame, direction: FrameDirection): void | Promise<void> {
    const passage = this.#passages.of(frame, direction);
    if (passage === undefined) return this.push(frame, direction);
    return passage.leave(branch) ? this.#goOn(passage, frame, direction) : passage.merged;
  }

  #goOn(passage: Passage, frame: Frame, direction: FrameDirection): Promise<void> {
    const pushed = this.push(frame, direction);
    passage.release();
    return pushed;
  }
}
