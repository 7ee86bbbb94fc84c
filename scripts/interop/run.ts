/**
 * Runs the interop tests against the real Python packages and compares the table in docs/interop.md with what they
 * showed, and the fixtures of every type with what the packages write.
 *
 *     tsx scripts/interop/run.ts             fails when the table or a fixture is not what this run shows
 *     tsx scripts/interop/run.ts --write     writes the table
 *     tsx scripts/interop/run.ts --only-set-up   installs the packages and runs nothing
 *     tsx scripts/interop/run.ts --newest    with the newest versions; prints the table and what is new in the fixtures
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, runScript } from "../run.ts";
import { changedFixtures, fixturesDiffer } from "./fixtures.ts";
import { installedVersions, setUp } from "./setup.ts";
import { type Report, tableOf } from "./table.ts";

const page = join(root, "docs/interop.md");
const begin = "<!-- written by npm run test:interop -- --write -->";
const end = "<!-- end of what is written -->";
const testsMs = 900_000;

const newest = process.argv.includes("--newest");
setUp(newest);
if (process.argv.includes("--only-set-up")) process.exit();
compareFixtures();
const report = tested();
const text = `${versions()}\n\n${tableOf(report)}`;
if (newest) console.log(text);
else if (process.argv.includes("--write")) writeFileSync(page, withTable(text));
else if (readFileSync(page, "utf8") !== withTable(text)) {
  console.error(
    `docs/interop.md says something else than this run. npm run test:interop -- --write writes:\n\n${text}`,
  );
  process.exitCode = 1;
}
if (report.numPendingTests + report.numTodoTests > 0) {
  console.error("Interop tests were skipped, and a test that is skipped proves nothing.");
  process.exitCode = 1;
}

function compareFixtures(): void {
  const changes = changedFixtures();
  if (changes.length === 0) return;
  console.error([fixturesDiffer, ...changes].join("\n"));
  // Of the newest versions that is news, and no fault of anyone here.
  if (!newest) process.exitCode = 1;
}

function tested(): Report {
  const folder = mkdtempSync(join(tmpdir(), "interop-"));
  const output = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${output}`];
  try {
    runScript("vitest/vitest.mjs", ["run", "test/interop", "--maxWorkers=2", ...reporters], { timeoutMs: testsMs });
    return JSON.parse(readFileSync(output, "utf8")) as Report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function versions(): string {
  return Object.entries(installedVersions())
    .map(([dialect, packages]) => {
      const list = Object.entries(packages).map(([name, version]) => `\`${name}\` ${version}`);
      return `- dialect \`"${dialect}"\`: ${list.join(", ")}`;
    })
    .join("\n");
}

function withTable(table: string): string {
  const before = readFileSync(page, "utf8");
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${page} has no place for the table: "${begin}" and "${end}".`);
  return `${before.slice(0, from + begin.length)}\n\n${table}\n\n${before.slice(to)}`;
}
