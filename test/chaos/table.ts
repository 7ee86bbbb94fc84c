import { cpus, release, totalmem } from "node:os";
import type { Performance } from "./perform.ts";
import type { Scale } from "./proof.ts";

const begin = "<!-- proofs: begin -->";
const end = "<!-- proofs: end -->";

/** The machine in one sentence, without a date: what was measured holds for its like. */
export function machine(): string {
  const cores = cpus();
  const model = cores[0]?.model
    .replace(/\((R|TM)\)/g, "")
    .replace(/\s+/g, " ")
    .trim();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} cores${model ? ` (${model})` : ""}, ${gigabytes} GiB, Node ${process.version}, ${process.platform} ${release()}`;
}

export function tableOf(performances: readonly Performance[]): string {
  const rows = performances.map(({ id, title, verdict, figures, problems }) => {
    const measured = verdict === "skipped" ? problems : figures;
    const passed = { passed: "yes", failed: "**no**", skipped: "not run" }[verdict];
    return `| ${[id, title, measured.join(", "), passed].map(cell).join(" | ")} |`;
  });
  return ["| # | shown | measured | passed |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ").trim();
}

/** A page with the table between its two marker comments. */
export function withTable(page: string, performances: readonly Performance[], scale: Scale, seed: number): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`The page has no "${begin}" followed by "${end}".`);
  const measuredOn = `Measured at scale \`${scale}\` with seed ${seed} on: ${machine()}.`;
  return `${page.slice(0, from + begin.length)}\n\n${measuredOn}\n\n${tableOf(performances)}\n\n${page.slice(to)}`;
}
