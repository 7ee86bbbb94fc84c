import { type Frame, type FrameDirection, StartFrame } from "../frames/index.ts";
import { type Branch, FrameProcessor, type Leave } from "./processor.ts";
import { Stage, type StageOptions } from "./stage.ts";

/** Stages one after the other, with an end at either side that hands on what leaves. */
export class Line implements Branch {
  readonly #stages: readonly Stage[];
  readonly #source: Stage;
  readonly #sink: Stage;

  constructor(processors: readonly FrameProcessor[], options: StageOptions, leave: Leave) {
    const source = new PipelineEnd("PipelineSource", "upstream", leave);
    const sink = new PipelineEnd("PipelineSink", "downstream", leave);
    const stages = [source, ...processors, sink].map((processor) => new Stage(processor, options));
    for (const [index, stage] of stages.entries()) {
      stage.previous = stages[index - 1];
      stage.next = stages[index + 1];
    }
    this.#stages = stages;
    this.#source = stages.at(0) as Stage;
    this.#sink = stages.at(-1) as Stage;
  }

  /** Puts a frame in behind those that wait at the end where it comes in. */
  receive(frame: Frame, direction: FrameDirection): Promise<void> {
    return (direction === "downstream" ? this.#source : this.#sink).receive(frame, direction);
  }

  enter(frame: Frame, direction: FrameDirection): Promise<void> {
    // The ends have to start as well; nothing else waits at them, as an end may be held by what leaves there.
    if (frame instanceof StartFrame) return this.receive(frame, direction);
    return (direction === "downstream" ? this.#source : this.#sink).push(frame, direction);
  }

  async systemFlushed(direction: FrameDirection): Promise<void> {
    const stages = direction === "downstream" ? this.#stages : this.#stages.toReversed();
    for (const stage of stages) await stage.urgentFlushed();
  }
}

/** Either end of a line: hands on what leaves it there. */
class PipelineEnd extends FrameProcessor {
  readonly #outward: FrameDirection;
  readonly #leave: Leave;

  constructor(name: string, outward: FrameDirection, leave: Leave) {
    super({ name });
    this.#outward = outward;
    this.#leave = leave;
  }

  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    return direction === this.#outward ? this.#leave(frame, direction) : this.push(frame, direction);
  }
}
