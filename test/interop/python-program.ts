import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { WireDialect } from "trunkline";
import { pythonOf } from "./packages.ts";

export interface PeerEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

const patienceMs = 20_000;

/** A Python process of one of the programs in `python/`; it does what it is told and tells what it sees. */
export class PythonProgram implements AsyncDisposable {
  readonly events: PeerEvent[] = [];
  readonly #child: ChildProcess;
  readonly #replies = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #wanted = new Set<() => void>();
  #said = "";
  #commands = 0;

  constructor(dialect: WireDialect, program: string, flags: readonly string[] = []) {
    const file = fileURLToPath(new URL(`python/${program}`, import.meta.url));
    const args = ["-W", "ignore", file, "--dialect", dialect, ...flags];
    const env = { ...process.env, LOGURU_LEVEL: "INFO" };
    this.#child = spawn(pythonOf(dialect), args, { stdio: "pipe", env });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-20_000);
    });
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => this.#hear(JSON.parse(line)));
    this.#child.once("exit", (code, signal) => this.#ended(`it ended with ${signal ?? code}`));
  }

  /** What it wrote to stderr, the last of it. */
  get said(): string {
    return this.#said;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Runs a command of the peer's program. Rejects with what it raised. */
  do<T = unknown>(command: string, fields: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const number = this.#commands++;
    return new Promise<T>((resolve, reject) => {
      this.#replies.set(number, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.stdin?.write(`${JSON.stringify({ number, do: command, ...fields })}\n`);
    });
  }

  /** The first event of that name, from the `after`th event on, that fits; waits for it. */
  async event(name: string, fits: (event: PeerEvent) => boolean = () => true, after = 0): Promise<PeerEvent> {
    const find = () => this.events.slice(after).find((event) => event.event === name && fits(event));
    await this.until(() => find() !== undefined, `an event "${name}"`);
    return find() as PeerEvent;
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (outcome: () => void) => {
        clearTimeout(timer);
        this.#wanted.delete(look);
        outcome();
      };
      const look = () => {
        if (condition()) settle(resolve);
        else if (!this.running) settle(() => reject(new Error(`The peer ended before ${what}.\n${this.#said}`)));
      };
      const timer = setTimeout(() => {
        const seen = this.events.map((event) => JSON.stringify(event)).join("\n");
        settle(() => reject(new Error(`The peer never had ${what}.\n${seen}\n${this.#said}`)));
      }, patienceMs);
      this.#wanted.add(look);
    });
  }

  count(name: string): number {
    return this.events.filter(({ event }) => event === name).length;
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.running) return;
    this.#child.stdin?.end();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 2_000);
    await once(this.#child, "exit");
    clearTimeout(late);
  }

  #hear(line: Record<string, unknown>): void {
    if (typeof line.reply === "number") {
      const reply = this.#replies.get(line.reply);
      this.#replies.delete(line.reply);
      if (typeof line.error === "string") reply?.reject(new Error(line.error));
      else reply?.resolve(line.result);
      return;
    }
    this.events.push(line as unknown as PeerEvent);
    for (const look of [...this.#wanted]) look();
  }

  #ended(how: string): void {
    for (const { reject } of this.#replies.values()) reject(new Error(`The peer is gone: ${how}.\n${this.#said}`));
    this.#replies.clear();
    for (const look of [...this.#wanted]) look();
  }
}
