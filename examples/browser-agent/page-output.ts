import { type Frame, type FrameDirection, FrameProcessor, LLMFullResponseEndFrame, LLMTextFrame } from "trunkline";
import type { PageView } from "./page-view.ts";

/** Writes the assistant's words into the page as they come. */
export class PageOutput extends FrameProcessor {
  readonly #view: PageView;

  constructor(view: PageView) {
    super();
    this.#view = view;
  }

  override async process(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof LLMTextFrame && direction === "downstream") this.#view.assistantSays(frame.text);
    else if (frame instanceof LLMFullResponseEndFrame) this.#view.endLine();
    await this.push(frame, direction);
    this.#view.turns.see(frame);
  }
}
