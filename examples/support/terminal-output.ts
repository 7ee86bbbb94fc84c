import type { Writable } from "node:stream";
import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  InterruptionFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
} from "trunkline";
import { speakerOf } from "./name-tag.ts";

export interface TerminalOutputOptions {
  readonly output: Writable;
  /** What stands before an answer; its speaker is known if a name tag is on it. */
  labelOf(speaker: string | undefined): string;
  /** The bot begins to speak. */
  onBegin(): void;
  /** The bot has finished a line. */
  onEnd(): void;
  /** Sees every frame, once it has been handled. */
  onFrame(frame: Frame): void;
}

/** Prints the bot's words as they come, every answer on a line of its own. */
export class TerminalOutput extends FrameProcessor {
  readonly #options: TerminalOutputOptions;
  #speaking = false;
  #speaker: string | undefined;
  #space = "";

  constructor(options: TerminalOutputOptions) {
    super();
    this.#options = options;
  }

  override async process(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof LLMFullResponseStartFrame) this.#speaker = speakerOf(frame);
    else if (frame instanceof LLMTextFrame && direction === "downstream") this.#print(frame.text);
    else if (frame instanceof LLMFullResponseEndFrame || frame instanceof InterruptionFrame) this.endLine();
    await this.push(frame, direction);
    this.#options.onFrame(frame);
  }

  override cleanup(): void {
    this.endLine();
  }

  /** Ends the line of an answer that may be in the middle of it. */
  endLine(): void {
    if (!this.#speaking) return;
    this.#speaking = false;
    this.#space = "";
    this.#options.output.write("\n");
    this.#options.onEnd();
  }

  // Space is held back until words follow, so that an answer neither begins nor ends with it.
  #print(text: string): void {
    const { output, labelOf, onBegin } = this.#options;
    const words = (this.#speaking ? this.#space + text : text.trimStart()).trimEnd();
    if (words === "") {
      if (this.#speaking) this.#space += text;
      return;
    }
    this.#space = text.slice(text.trimEnd().length);
    if (!this.#speaking) {
      onBegin();
      output.write(labelOf(this.#speaker));
    }
    this.#speaking = true;
    output.write(words);
  }
}
