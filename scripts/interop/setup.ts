/**
 * Puts the Python packages that the interop tests speak with into environments under `.interop/`.
 *
 *     tsx scripts/interop/setup.ts            the versions of test/interop/python/requirements-*.txt
 *     tsx scripts/interop/setup.ts --newest   the newest versions of the same packages
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../run.ts";

const dialects = ["subagents", "pipecat"] as const;
const python = process.env.PYTHON ?? "python3";
const installMs = 600_000;

/** Installs what is missing or of another version; quick when nothing is. */
export function setUp(newest: boolean): void {
  for (const dialect of dialects) {
    const requirements = readFileSync(join(root, "test/interop/python", `requirements-${dialect}.txt`), "utf8");
    setUpDialect(dialect, newest ? requirements.replaceAll(/==.*$/gm, "") : requirements, newest);
  }
}

function setUpDialect(dialect: string, requirements: string, newest: boolean): void {
  const folder = join(root, ".interop", dialect);
  const stamp = join(folder, "requirements.txt");
  const installed = existsSync(stamp) ? readFileSync(stamp, "utf8") : undefined;
  if (installed === requirements && !newest) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.log(`Installing the Python packages of dialect "${dialect}"`);
  run(python, ["-m", "venv", folder]);
  writeFileSync(join(folder, "wanted.txt"), requirements);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", join(folder, "wanted.txt")];
  run(join(folder, "bin/python"), pip, { timeoutMs: installMs });
  // Last, so that an installation that was broken off begins anew.
  writeFileSync(stamp, requirements);
}

/** The versions that are installed, by package, of those that are named in the requirements. */
export function installedVersions(): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return Object.fromEntries(dialects.map((dialect) => [dialect, versionsOf(dialect)]));
}

function versionsOf(dialect: string): Record<string, string> {
  const folder = join(root, ".interop", dialect);
  const names = [...readFileSync(join(folder, "requirements.txt"), "utf8").matchAll(/^([a-z-]+)/gm)].map(
    ([name]) => name,
  );
  const program = "import sys, importlib.metadata as m; [print(n, m.version(n)) for n in sys.argv[1:]]";
  const lines = run(join(folder, "bin/python"), ["-c", program, ...names], { capture: true })
    .trim()
    .split("\n");
  return Object.fromEntries(lines.map((line) => line.split(" ") as [string, string]));
}
