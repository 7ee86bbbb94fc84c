import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import {
  EndFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  StartFrame,
  TranscriptionFrame,
  type Transport,
} from "trunkline";
import { SpeakerLabels } from "./speaker-labels.ts";
import { TerminalOutput } from "./terminal-output.ts";
import { TurnWatch } from "./turn-watch.ts";
import { TypedLines } from "./typed-lines.ts";

export interface TerminalTransportOptions {
  /** Whether the user speaks first. Default: the bot does. */
  readonly userBegins?: boolean | undefined;
  /** What the user says, instead of what is typed. */
  readonly say?: readonly string[] | undefined;
  readonly input: Readable & { readonly isTTY?: boolean };
  /** Gets the bot's words and nothing else; prompts, names and colours only if it is a terminal, as is the input. */
  readonly output: Writable & { readonly isTTY?: boolean; readonly columns?: number; hasColors?(): boolean };
}

// A conversation that ends with the bot's words does so within this; no prompt is to flash up after them.
const promptDelayMs = 150;

type Handler = (client: unknown) => void | Promise<void>;

/**
 * A person at a terminal, or lines from a pipe. What is typed enters as a transcription, as if it had been spoken and
 * recognized; the bot's text is printed as it comes. The next line is taken when the bot has finished.
 */
export class TerminalTransport implements Transport {
  /** Whether a person types at a terminal and reads the answers there. */
  readonly interactive: boolean;
  readonly #options: TerminalTransportOptions;
  readonly #turns: TurnWatch;
  readonly #handlers = { clientConnected: new Set<Handler>(), clientDisconnected: new Set<Handler>() };
  readonly #labels: SpeakerLabels;
  readonly #input: TerminalInput;
  readonly #output: TerminalOutput;
  #lines: { close(): void } | undefined;
  #typed: TypedLines | undefined;
  #state: "open" | "leaving" | "closed" = "open";

  constructor(options: TerminalTransportOptions) {
    this.#options = options;
    this.#turns = new TurnWatch({ userBegins: options.userBegins });
    this.interactive = options.say === undefined && options.input.isTTY === true && options.output.isTTY === true;
    // hasColors knows NO_COLOR and terminals that have none.
    const style = this.interactive ? (options.output.hasColors?.() === true ? "coloured" : "terminal") : "plain";
    this.#labels = new SpeakerLabels(style);
    this.#input = new TerminalInput({ onStart: () => void this.#converse(), onEnd: () => this.close() });
    this.#output = new TerminalOutput({
      output: options.output,
      labelOf: (speaker) => this.#labels.of(speaker),
      onBegin: () => this.#typed?.hide(),
      onEnd: () => this.#typed?.show(),
      onFrame: (frame) => this.#turns.see(frame),
    });
    // Whoever read the words has gone, as `head` does: nobody is left to talk to.
    options.output.on("error", () => this.leave());
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

  /** Makes room on the screen for lines that somebody else writes. */
  aside(write: () => void): void {
    this.#output.endLine();
    this.#typed?.hide();
    write();
    this.#typed?.show();
  }

  /**
   * Calls the handler with the name of each key that is pressed until the returned function is called; what is typed
   * meanwhile is not said. Without a terminal there are no keys.
   */
  onKey(handler: (name: string) => void): () => void {
    return this.#typed?.onKey(handler) ?? (() => {});
  }

  /** Prints a line of somebody who speaks beside the conversation. */
  tell(speaker: string, text: string): void {
    this.aside(() => void this.#options.output.write(`${this.#labels.of(speaker)}${text}\n`));
  }

  /** No answer will come: it is the user's turn. */
  giveTurn(): void {
    this.#turns.giveUp();
  }

  /** The user leaves: nothing more is read, and the client is disconnected. */
  leave(): void {
    if (this.#state !== "open") return;
    this.#state = "leaving";
    this.#stopReading();
  }

  /** The conversation is over: nothing more is read. */
  close(): void {
    if (this.#state === "open") this.#stopReading();
    this.#state = "closed";
  }

  #stopReading(): void {
    this.#lines?.close();
    this.#turns.giveUp();
    // A pipe that is still open must not keep the program alive.
    if (this.#options.say === undefined) this.#options.input.destroy();
  }

  async #converse(): Promise<void> {
    const utterances = this.#utterances();
    try {
      await this.#tell("clientConnected");
      await this.#turns.botFinished();
      for await (const line of utterances) {
        if (this.#state !== "open") break;
        const text = line.trim();
        if (text === "") continue;
        this.#turns.userSpoke();
        await this.#input.hear(text);
        await this.#turns.botFinished();
      }
    } catch (error) {
      await this.#input.fail(error);
    }
    if (this.#state !== "closed") await this.#tell("clientDisconnected").catch((error) => this.#input.fail(error));
  }

  #utterances(): Iterable<string> | AsyncIterable<string> {
    const { say, input, output } = this.#options;
    if (say !== undefined) return say;
    if (this.interactive) {
      this.#lines = this.#typed = new TypedLines({ input, output, prompt: this.#labels.ofUser });
      return typedLines(this.#typed);
    }
    return this.#pipedLines();
  }

  // Begins to read when the first line is asked for: lines that come before that would be lost.
  async *#pipedLines(): AsyncGenerator<string> {
    const lines = createInterface({ input: this.#options.input });
    this.#lines = lines;
    try {
      yield* lines;
    } catch (cause) {
      throw new Error(`The input cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, {
        cause,
      });
    }
  }

  async #tell(event: "clientConnected" | "clientDisconnected"): Promise<void> {
    for (const handler of this.#handlers[event]) await handler(this);
  }
}

async function* typedLines(typed: TypedLines): AsyncGenerator<string> {
  for (;;) {
    await pause(promptDelayMs);
    const line = await typed.next();
    if (line === undefined) return;
    yield line;
  }
}

class TerminalInput extends FrameProcessor {
  readonly #options: { onStart(): void; onEnd(): void };

  constructor(options: { onStart(): void; onEnd(): void }) {
    super();
    this.#options = options;
  }

  override async process(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof EndFrame) this.#options.onEnd();
    await this.push(frame, direction);
    if (frame instanceof StartFrame) this.#options.onStart();
  }

  hear(text: string): Promise<void> {
    return this.push(
      new TranscriptionFrame({ text, userId: "user", timestamp: new Date().toISOString(), finalized: true }),
    );
  }

  fail(error: unknown): Promise<void> {
    return this.pushError(error);
  }
}
