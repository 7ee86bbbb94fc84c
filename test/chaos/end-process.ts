import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { EndOrder, EndSetting, EndWord } from "./end-program.ts";
import type { EndReport } from "./end-report.ts";
import type { EndName } from "./numbered-end.ts";

/** An end of a link in a process of its own, which may be somewhere else than we are. */
export class EndProcess implements AsyncDisposable {
  readonly name: EndName;
  readonly #child: ChildProcess;
  #failed = false;
  #url: string | undefined;
  #report: EndReport | undefined;

  /** `inside` is the command that runs another one where it belongs. */
  constructor(name: EndName, inside: readonly [command: string, ...args: string[]], setting: EndSetting) {
    this.name = name;
    const [command, ...args] = inside;
    const program = fileURLToPath(new URL("end-program.ts", import.meta.url));
    const flags = ["--no-warnings", "--conditions=trunkline-source", "--import", "tsx"];
    this.#child = spawn(command, [...args, process.execPath, ...flags, program, JSON.stringify(setting)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("error", () => {
      this.#failed = true;
    });
    this.#child.on("message", (word: EndWord) => {
      if ("url" in word) this.#url = word.url;
      else this.#report = word;
    });
  }

  /** Where it listens, once it does. */
  get url(): string | undefined {
    return this.#url;
  }

  /** The last it has said of itself, some hundredths of a second ago; undefined before it has a session. */
  get report(): EndReport | undefined {
    return this.#report;
  }

  get isRunning(): boolean {
    const { exitCode, signalCode } = this.#child;
    return !this.#failed && exitCode === null && signalCode === null;
  }

  tell(order: EndOrder): void {
    if (this.#child.connected) this.#child.send(order);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isRunning) return;
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }
}
