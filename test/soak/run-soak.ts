import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Part, Report } from "./report.ts";

export interface SoakCounts {
  readonly warmUp: number;
  readonly measured: number;
  /** True: a small object is kept of every item. */
  readonly planted?: boolean;
}

/**
 * Does a load in a process of its own, with nothing else in its heap. That the process ends by itself shows that
 * nothing is open in it any more.
 */
export async function runSoak(part: Part, { warmUp, measured, planted = false }: SoakCounts): Promise<Report> {
  const program = fileURLToPath(new URL("soak.ts", import.meta.url));
  const flags = ["--expose-gc", "--no-warnings", "--conditions=trunkline-source", "--import", "tsx"];
  const counts = [String(warmUp), String(measured), ...(planted ? ["planted"] : [])];
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...env } = process.env;
  const child = spawn(process.execPath, [...flags, program, part, ...counts], {
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
  const [output, complaints, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (code !== 0) throw new Error(`The load "${part}" ended with code ${code}.\n${complaints}`);
  return JSON.parse(output) as Report;
}
