import { type Frame, type FrameDirection, FrameProcessor, LLMFullResponseStartFrame } from "trunkline";

/** Stands behind a model and notes on each of its answers who speaks. The note crosses the bus with the frame. */
export class NameTag extends FrameProcessor {
  readonly #speaker: string;

  constructor(speaker: string) {
    super();
    this.#speaker = speaker;
  }

  override async process(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof LLMFullResponseStartFrame) frame.metadata.speaker = this.#speaker;
    await this.push(frame, direction);
  }
}

/** Who speaks in the answer that begins with this frame, if it is known. */
export function speakerOf(frame: LLMFullResponseStartFrame): string | undefined {
  const { speaker } = frame.metadata;
  return typeof speaker === "string" ? speaker : undefined;
}
