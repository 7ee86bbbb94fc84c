import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { PeerReady } from "./peer-program.ts";

/** The other end of a connection in a process of its own, so that its memory is not ours. */
export class PeerProcess implements AsyncDisposable {
  /** Where it listens; empty if it does not. */
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { url = "" }: PeerReady) {
    this.#child = child;
    this.url = url;
  }

  static async started(...args: readonly string[]): Promise<PeerProcess> {
    const program = fileURLToPath(new URL("peer-program.ts", import.meta.url));
    const child = spawn(process.execPath, ["--no-warnings", "--import", "tsx", program, ...args], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const ready = new Promise<PeerReady>((resolve, reject) => {
      child.once("message", (word: PeerReady) => resolve(word));
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`The peer ended with code ${code} before it was ready.`)));
    });
    return new PeerProcess(child, await ready);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }
}
