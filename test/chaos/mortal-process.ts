import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Arrivals, readArrivals } from "./arrivals.ts";

/** A side of a conversation that can be killed. */
export class MortalProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  /** The first thing it said. */
  readonly word: string;

  private constructor(child: ChildProcess, folder: string, word: string) {
    this.#child = child;
    this.#folder = folder;
    this.word = word;
  }

  static async started(role: "server" | "client", ...args: readonly string[]): Promise<MortalProcess> {
    const folder = mkdtempSync(join(tmpdir(), "trunkline-mortal-"));
    const program = fileURLToPath(new URL("mortal-program.ts", import.meta.url));
    const flags = ["--no-warnings", "--conditions=trunkline-source", "--import", "tsx"];
    const child = spawn(process.execPath, [...flags, program, role, join(folder, "arrivals"), ...args], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const word = await new Promise<string>((resolve, reject) => {
      child.once("message", (said) => resolve(String(said)));
      child.once("exit", (code) => reject(new Error(`The ${role} ended with code ${code} before it was ready.`)));
    });
    return new MortalProcess(child, folder, word);
  }

  /** What it had of the other side, known also after its death. */
  get arrivals(): Arrivals {
    return readArrivals(join(this.#folder, "arrivals"));
  }

  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
