/**
 * Runs the proofs of reliability, each in a process of its own, and prints what was measured: `npm run test:chaos`.
 *
 *     --small | --soak   less, or far more, than the full scale
 *     --only P1,P7       only these
 *     --seed n           repeats a run
 *     --write            puts the table into docs/reliability.md
 *
 * Ends with exit code 1 when one has failed. One that cannot be run here is skipped, with the reason.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { performInChild } from "../test/chaos/in-child.ts";
import type { Performance } from "../test/chaos/perform.ts";
import type { Scale } from "../test/chaos/proof.ts";
import { allProofs, nameOf } from "../test/chaos/proofs.ts";
import { machine, tableOf, withTable } from "../test/chaos/table.ts";
import { root } from "./run.ts";

const timeoutMs: Readonly<Record<Scale, number>> = { small: 120_000, full: 1_800_000, soak: 4 * 3_600_000 };

const { values } = parseArgs({
  options: {
    small: { type: "boolean", default: false },
    soak: { type: "boolean", default: false },
    only: { type: "string" },
    seed: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const scale: Scale = values.soak ? "soak" : values.small ? "small" : "full";
const seed = Number(values.seed ?? process.env.TRUNKLINE_SEED ?? Math.floor(Math.random() * 2 ** 31));
if (!Number.isSafeInteger(seed)) throw new Error("--seed takes a whole number.");
const only = values.only?.split(",").map((id) => id.trim().toUpperCase());
const proofs = (await allProofs()).filter(({ id }) => only?.includes(id) ?? true);
if (proofs.length === 0) throw new Error(`There is no such proof: ${values.only}.`);

if (values.write && only !== undefined) throw new Error("--write wants all of them, not --only some.");

const stopped = new AbortController();
process.once("SIGINT", () => stopped.abort());
process.once("SIGTERM", () => stopped.abort());

console.log(`Scale ${scale}, seed ${seed}, on ${machine()}`);
const performances: Performance[] = [];
for (const proof of proofs) {
  if (stopped.signal.aborted) break;
  console.log(`\n${nameOf(proof)}`);
  const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(timeoutMs[scale])]);
  const performed = await performInChild(proof, { scale, seed, signal, note: (line) => console.log(`  ${line}`) });
  performances.push(performed);
  const { verdict, figures, problems, seconds } = performed;
  console.log(`  ${verdict} in ${seconds.toFixed(1)} s: ${figures.join(", ")}`);
  for (const problem of problems) console.log(`  ! ${problem}`);
  if (verdict === "failed") process.exitCode = 1;
}
if (stopped.signal.aborted) process.exitCode = 1;

console.log(`\n${tableOf(performances)}`);
if (process.exitCode === 1) console.log(`\nTo repeat it: npm run test:chaos -- --seed ${seed} --only <numbers>`);
if (values.write) {
  const page = join(root, "docs", "reliability.md");
  writeFileSync(page, withTable(readFileSync(page, "utf8"), performances, scale, seed));
}
