import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  InterruptionFrame,
  LLMFullResponseEndFrame,
  LLMTextFrame,
  StartFrame,
  TranscriptionFrame,
  type Transport,
} from "trunkline";
import { TurnWatch } from "./turn-watch.ts";

export interface TerminalTransportOptions {
  /** What the user says, instead of what is typed. */
  readonly say?: readonly string[] | undefined;
  readonly input: Readable & { readonly isTTY?: boolean };
  /** Gets the bot's words and nothing else; prompts only if it is a terminal. */
  readonly output: Writable & { readonly isTTY?: boolean };
}

type Handler = (client: unknown) => void | Promise<void>;

/**
 * A person at a terminal, or lines from a pipe. What is typed enters as a transcription, as if it had been spoken and
 * recognized; the bot's text is printed as it comes. The next line is taken when the bot has finished.
 */
export class TerminalTransport implements Transport {
  readonly #options: TerminalTransportOptions;
  readonly #interactive: boolean;
  readonly #turns = new TurnWatch();
  readonly #handlers = { clientConnected: new Set<Handler>(), clientDisconnected: new Set<Handler>() };
  readonly #input: TerminalInput;
  readonly #output: TerminalOutput;
  #lines: Interface | undefined;
  #closed = false;

  constructor(options: TerminalTransportOptions) {
    this.#options = options;
    this.#interactive = options.say === undefined && options.input.isTTY === true && options.output.isTTY === true;
    this.#input = new TerminalInput(() => this.#begin());
    this.#output = new TerminalOutput(options.output, this.#turns, this.#interactive);
  }

  input(): FrameProcessor {
    return this.#input;
  }

  output(): FrameProcessor {
    return this.#output;
  }

  on(event: "clientConnected" | "clientDisconnected", handler: Handler): () => void {
    this.#handlers[event].add(handler);
    return () => void this.#handlers[event].delete(handler);
  }

  /** The conversation is over: nothing more is read. */
  close(): void {
    this.#closed = true;
    this.#lines?.close();
    this.#turns.giveUp();
    // A pipe that is still open must not keep the program alive.
    if (this.#options.say === undefined) this.#options.input.destroy();
  }

  #begin(): void {
    void this.#converse();
  }

  async #converse(): Promise<void> {
    await this.#tell("clientConnected");
    await this.#turns.botFinished();
    for await (const line of this.#utterances()) {
      if (this.#closed) return;
      const text = line.trim();
      if (text === "") continue;
      this.#turns.userSpoke();
      await this.#input.hear(text);
      await this.#turns.botFinished();
    }
    if (!this.#closed) await this.#tell("clientDisconnected");
  }

  async *#utterances(): AsyncGenerator<string> {
    const { say, input, output } = this.#options;
    if (say !== undefined) {
      yield* say;
      return;
    }
    const lines = createInterface(this.#interactive ? { input, output, prompt: "you> " } : { input });
    this.#lines = lines;
    // In a raw terminal Ctrl-C reaches nobody but this interface.
    lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    if (this.#interactive) lines.prompt();
    for await (const line of lines) {
      yield line;
      if (this.#interactive && !this.#closed) lines.prompt();
    }
  }

  async #tell(event: "clientConnected" | "clientDisconnected"): Promise<void> {
    for (const handler of this.#handlers[event]) await handler(this);
  }
}

class TerminalInput extends FrameProcessor {
  readonly #begin: () => void;

  constructor(begin: () => void) {
    super();
    this.#begin = begin;
  }

  override async process(frame: Frame, direction: FrameDirection): Promise<void> {
    await this.push(frame, direction);
    if (frame instanceof StartFrame) this.#begin();
  }

  hear(text: string): Promise<void> {
    return this.push(
      new TranscriptionFrame({ text, userId: "user", timestamp: new Date().toISOString(), finalized: true }),
    );
  }
}

class TerminalOutput extends FrameProcessor {
  readonly #output: Writable;
  readonly #turns: TurnWatch;
  readonly #interactive: boolean;
  #printed = false;

  constructor(output: Writable, turns: TurnWatch, interactive: boolean) {
    super();
    this.#output = output;
    this.#turns = turns;
    this.#interactive = interactive;
  }

  override async process(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof LLMTextFrame && direction === "downstream") this.#print(frame.text);
    else if (frame instanceof LLMFullResponseEndFrame || frame instanceof InterruptionFrame) this.#endLine();
    await this.push(frame, direction);
    this.#turns.see(frame);
  }

  override cleanup(): void {
    this.#endLine();
  }

  #print(text: string): void {
    const first = !this.#printed;
    if (first && text.trim() === "") return;
    this.#printed = true;
    if (first && this.#interactive) this.#output.write("\r\x1b[Kassistant> ");
    this.#output.write(first ? text.trimStart() : text);
  }

  #endLine(): void {
    if (this.#printed) this.#output.write("\n");
    this.#printed = false;
  }
}
