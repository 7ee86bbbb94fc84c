import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Performance, PerformOptions } from "./perform.ts";
import type { Proof } from "./proof.ts";
import { nameOf } from "./proofs.ts";
import type { Word } from "./run-proof.ts";

// For closing what is open once the outcome is known, and for stopping when told to.
const graceMs = 15_000;
const maxComplaints = 4_000;

/** Performs a proof in a process of its own, so that a crash is an outcome and its memory holds nothing else. */
export async function performInChild(proof: Proof, options: PerformOptions): Promise<Performance> {
  const { id, title } = proof;
  const { scale, seed, signal, note } = options;
  const startedAt = performance.now();
  const program = fileURLToPath(new URL("run-proof.ts", import.meta.url));
  const flags = ["--expose-gc", "--no-warnings", "--conditions=trunkline-source", "--import", "tsx"];
  const child = spawn(process.execPath, [...flags, program, nameOf(proof), scale, String(seed)], {
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  let result: Performance | undefined;
  let complaints = "";
  let killer: NodeJS.Timeout | undefined;
  const killSoon = (): void => {
    killer ??= setTimeout(() => child.kill("SIGKILL"), graceMs);
  };
  const stop = (): void => {
    if (child.connected) child.send("stop");
    killSoon();
  };
  child.stderr?.on("data", (data: Buffer) => {
    complaints = (complaints + data.toString()).slice(-maxComplaints);
  });
  child.on("message", (word: Word) => {
    if ("note" in word) return note(word.note);
    result = word.result;
    killSoon();
  });
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  const [code, killed] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  signal.removeEventListener("abort", stop);
  clearTimeout(killer);
  if (result !== undefined && code === 0) return result;
  const why =
    result !== undefined && killed === "SIGKILL"
      ? `Its process did not end within ${graceMs} ms: something is still open.`
      : `Its process ended with ${killed ?? `code ${code}`}.\n${complaints}`;
  const { figures = [], problems = [], seconds = (performance.now() - startedAt) / 1_000 } = result ?? {};
  return { id, title, verdict: "failed", figures, problems: [...problems, why.trim()], seconds };
}
