import type { Writable } from "node:stream";

export interface ProgressBarOptions {
  readonly output: Writable & { readonly isTTY?: boolean };
  /** Stands behind the bar. Default: nothing does. */
  readonly hint?: string | undefined;
}

const width = 30;
const toStartOfLine = "\r\x1b[K";

/** How far some work is: a bar that grows in a terminal, and a line for every tenth of the work elsewhere. */
export class ProgressBar {
  readonly #options: ProgressBarOptions;
  #tenths = 0;

  constructor(options: ProgressBarOptions) {
    this.#options = options;
  }

  show(done: number, of: number): void {
    const { output, hint = "" } = this.#options;
    const text = `${done} of ${of} frames`;
    if (output.isTTY === true) {
      const bar = "#".repeat(Math.floor((done / of) * width)).padEnd(width, "-");
      output.write(`${toStartOfLine}[${bar}] ${text}${hint}`);
      return;
    }
    const tenths = Math.floor((done / of) * 10);
    if (tenths > this.#tenths) output.write(`${text}\n`);
    this.#tenths = tenths;
  }

  /** Leaves the bar as it is; what is written next has a line of its own. */
  end(): void {
    if (this.#options.output.isTTY === true) this.#options.output.write("\n");
    this.#tenths = 0;
  }
}
