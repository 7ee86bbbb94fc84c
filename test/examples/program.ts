/**
 * The example programs as their user meets them: processes, with what goes in and comes out. Whatever a test starts
 * carries a mark in its environment, by which `endAllPrograms` finds it again wherever it has got to.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { until } from "../support/settled.ts";
import { screenOf } from "./screen.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const files = {
  start: "remote-proxy-assistant/start",
  assistant: "remote-proxy-assistant/assistant",
  main: "remote-proxy-assistant/main",
  handoff: "agent-handoff/main",
  debate: "parallel-debate/main",
  progress: "task-progress/main",
} as const;

export type ProgramName = keyof typeof files;

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What comes in through the pipe, which then ends. Default: nothing. `open` keeps the pipe open for `write`. */
  readonly input?: string | "open";
}

export interface ProgramExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

const mark = "TRUNKLINE_TEST_PROGRAM";
const programs = new Set<Program>();
let count = 0;

export class Program {
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  readonly #mark: string;
  #stdout = "";
  #stderr = "";
  #exit: ProgramExit | undefined;

  /** Starts one of the example programs. */
  static start(name: ProgramName, args: readonly string[] = [], options: ProgramOptions = {}): Program {
    return new Program([process.execPath, ...commandOf(name), ...args], options);
  }

  /** Starts one in a terminal of its own: `write` presses keys, `screen` is what is to be seen. */
  static inTerminal(name: ProgramName, args: readonly string[] = [], options: ProgramOptions = {}): Program {
    const command = [process.execPath, ...commandOf(name), ...args].map((word) => `'${word}'`).join(" ");
    const env = { TERM: "xterm-256color", ...options.env };
    return new Program(["script", "-qefc", `stty cols 200 rows 40; ${command}`, "/dev/null"], {
      input: "open",
      ...options,
      env,
    });
  }

  constructor([command = "", ...args]: readonly string[], { env, input = "" }: ProgramOptions) {
    this.#mark = `${process.pid}-${++count}`;
    this.#child = spawn(command, args, {
      cwd: root,
      env: { ...plainEnvironment(), ...env, [mark]: this.#mark },
      // A process group of its own, as a shell gives it.
      detached: true,
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    // A program that ends does not read the rest of its input.
    this.#child.stdin?.on("error", () => {});
    if (input !== "open") this.#child.stdin?.end(input);
    this.exited = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        this.#exit = { code: code ?? undefined, signal: signal ?? undefined };
        resolve(this.#exit);
      });
    });
    programs.add(this);
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** What a terminal would show of its stdout. */
  get screen(): string {
    return screenOf(this.#stdout);
  }

  get stderr(): string {
    return this.#stderr;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Resolves once the text has come out, on either stream. */
  async prints(text: string | RegExp, timeoutMs = 10_000): Promise<void> {
    const has = (output: string) => (typeof text === "string" ? output.includes(text) : text.test(output));
    const found = () => has(this.screen) || has(this.#stderr);
    await until(() => found() || this.hasExited, `${text} in the output`, timeoutMs).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.#said()}`);
    });
    if (!found()) throw new Error(`The program ended without ${text}.\n${this.#said()}`);
  }

  /** Closes the other end of its stdout, as `head` does. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  /** The exit, within the time; `afterMs` is how long it took. */
  async exits(withinMs = 10_000): Promise<ProgramExit & { readonly afterMs: number }> {
    const began = performance.now();
    await until(() => this.hasExited, "the exit", withinMs).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.#said()}`);
    });
    return { ...(await this.exited), afterMs: performance.now() - began };
  }

  /** To the whole process group, as Ctrl-C in a terminal does. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-(this.#child.pid ?? 0), signal);
  }

  /** To the one process that runs this program, and not to what it has started. */
  signal(signal: NodeJS.Signals, name: ProgramName): void {
    const own = this.processes().find(({ command }) => command.includes(`/${files[name]}.ts`));
    if (own === undefined) throw new Error(`No ${name}.ts runs.`);
    process.kill(own.pid, signal);
  }

  /** What runs of it and of what it has started. */
  processes(): readonly RunningProcess[] {
    return runningProcesses().filter(({ environment }) => environment.includes(`${mark}=${this.#mark}`));
  }

  /** Resolves once no process of it is left. */
  async isGone(withinMs = 2_000): Promise<void> {
    await until(() => this.processes().length === 0, "the end of all its processes", withinMs).catch((error) => {
      throw new Error(`${String(error)}: ${JSON.stringify(this.processes().map(({ command }) => command))}`);
    });
  }

  async kill(): Promise<void> {
    for (const { pid } of this.processes()) killIfThere(pid);
    await this.exited;
  }

  #said(): string {
    return `stdout: ${this.#stdout}\nstderr: ${this.#stderr}`;
  }
}

export async function endAllPrograms(): Promise<void> {
  await Promise.all([...programs].map((program) => program.kill()));
  programs.clear();
}

/** Runs a program to its end. */
export async function run(name: ProgramName, args: readonly string[], options: ProgramOptions = {}) {
  const program = Program.start(name, args, options);
  const { code, afterMs } = await program.exits();
  return { code, afterMs, stdout: program.stdout, stderr: program.stderr, program };
}

function commandOf(name: ProgramName): readonly string[] {
  return ["--conditions=trunkline-source", "--import=tsx", `${root}examples/${files[name]}.ts`];
}

// No key and no setting of the machine's owner reaches a program.
function plainEnvironment(): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }) };
}

interface RunningProcess {
  readonly pid: number;
  readonly command: string;
  readonly environment: string;
}

function runningProcesses(): readonly RunningProcess[] {
  if (!existsSync("/proc/self/environ")) throw new Error("These tests find processes by /proc, so they need Linux.");
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const [command, environment] = ["cmdline", "environ"].map((file) => readFileSync(`/proc/${pid}/${file}`, "utf8"));
      return [{ pid: Number(pid), command: command?.replaceAll("\0", " ") ?? "", environment: environment ?? "" }];
    } catch {
      // Somebody else's, or gone meanwhile.
      return [];
    }
  });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone meanwhile.
  }
}
