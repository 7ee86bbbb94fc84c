import type { FrameProcessor } from "./processor.ts";

/** Processors in the order in which a frame passes them downstream. A pipeline among them is taken apart. */
export class Pipeline {
  readonly processors: readonly FrameProcessor[];

  constructor(processors: readonly (FrameProcessor | Pipeline)[]) {
    this.processors = processors.flatMap((entry) => (entry instanceof Pipeline ? entry.processors : [entry]));
  }
}
