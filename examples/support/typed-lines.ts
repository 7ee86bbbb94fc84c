import { createInterface, type Interface } from "node:readline";
import { type Readable, Writable } from "node:stream";

export interface TypedLinesOptions {
  readonly input: Readable;
  readonly output: Writable & { readonly columns?: number };
  readonly prompt: string;
}

/**
 * Lines typed at a terminal. The prompt is on the screen only while a line is waited for; what is typed at other times
 * is kept, and appears when its turn comes.
 */
export class TypedLines {
  readonly #options: TypedLinesOptions;
  readonly #lines: Interface;
  readonly #typedAhead: string[] = [];
  #waiting: ((line: string | undefined) => void) | undefined;
  #prompting = false;
  #keysOnly = false;
  #closed = false;

  constructor(options: TypedLinesOptions) {
    this.#options = options;
    const { input, prompt } = options;
    this.#lines = createInterface({ input, output: this.#screen(), terminal: true, prompt });
    // In a raw terminal Ctrl-C reaches nobody but this interface.
    this.#lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    this.#lines.on("line", (line) => this.#take(line));
    this.#lines.on("close", () => this.close());
  }

  /** The next line; undefined when there will be none. */
  next(): Promise<string | undefined> {
    const line = this.#typedAhead.shift();
    if (line !== undefined) {
      this.#options.output.write(`${this.#options.prompt}${line}\n`);
      return Promise.resolve(line);
    }
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.show();
    });
  }

  /** Leaves the screen to somebody else, who begins on a line of his own. */
  hide(): void {
    if (this.#prompting) this.#options.output.write("\n");
    this.#prompting = false;
  }

  /** Shows the prompt again, with what has been typed so far, if a line is waited for. */
  show(): void {
    if (this.#waiting === undefined || this.#prompting) return;
    this.#prompting = true;
    this.#lines.prompt(true);
  }

  /** Tells of every key that is pressed, instead of keeping it, until the returned function is called. */
  onKey(handler: (name: string) => void): () => void {
    const press = (_: string, { name, ctrl }: { readonly name?: string; readonly ctrl?: boolean }) => {
      // The line editor has already put it into the line: clear that.
      this.#lines.write(null, { ctrl: true, name: "u" });
      // Ctrl-C is not c.
      if (name !== undefined && ctrl !== true) handler(name);
    };
    const { input } = this.#options;
    input.on("keypress", press);
    this.#keysOnly = true;
    return () => {
      input.off("keypress", press);
      this.#keysOnly = false;
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.hide();
    this.#lines.close();
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }

  #take(line: string): void {
    if (this.#keysOnly) return;
    const resolve = this.#waiting;
    this.#waiting = undefined;
    this.#prompting = false;
    if (resolve === undefined) this.#typedAhead.push(line);
    else resolve(line);
  }

  /** What the line editor draws on: the terminal, or nothing at all. */
  #screen(): Writable {
    const { output } = this.#options;
    const prompting = () => this.#prompting;
    const screen = new Writable({
      write: (chunk, _encoding, done) => {
        if (prompting()) output.write(chunk);
        done();
      },
    });
    // Without a width the editor counts one row, so that it does not climb over the words above when it is shown again.
    Object.defineProperty(screen, "columns", { get: () => (prompting() ? output.columns : undefined) });
    return screen;
  }
}
