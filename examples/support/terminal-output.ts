import type { Writable } from "node:stream";
import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  InterruptionFrame,
  LLMFullResponseEndFrame,
  LLMTextFrame,
} from "trunkline";

export interface TerminalOutputOptions {
  readonly output: Writable;
  /** Stands before each answer. Default: nothing does. */
  readonly label?: string | undefined;
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
  #space = "";

  constructor(options: TerminalOutputOptions) {
    super();
    this.#options = options;
  }

  override async process(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof LLMTextFrame && direction === "downstream") this.#print(frame.text);
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
    const { output, label = "", onBegin } = this.#options;
    const words = (this.#speaking ? this.#space + text : text.trimStart()).trimEnd();
    if (words === "") {
      if (this.#speaking) this.#space += text;
      return;
    }
    this.#space = text.slice(text.trimEnd().length);
    if (!this.#speaking) {
      onBegin();
      output.write(label);
    }
    this.#speaking = true;
    output.write(words);
  }
}
