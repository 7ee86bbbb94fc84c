/**
 * Asks the installed Python packages to write every type of message and frame, and compares that with the fixtures.
 *
 *     tsx scripts/interop/fixtures.ts            fails when a package writes something else than its fixtures
 *     tsx scripts/interop/fixtures.ts --write    stores what the packages write
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { root, run } from "../run.ts";
import { setUp } from "./setup.ts";

const dialects = ["subagents", "pipecat"] as const;
const program = join(root, "test/interop/python/fixtures.py");
// Enough to see what a change is about; a field that every frame gets changes them all.
const longest = 400;
const mostShown = 20;

export const fixturesDiffer =
  "The packages write something else than test/fixtures/wire/ has. tsx scripts/interop/fixtures.ts --write stores it.";

/** What differs between the fixtures and what the packages write now, as lines for people; none when nothing does. */
export function changedFixtures(): readonly string[] {
  return dialects.flatMap((dialect) => {
    const lines = differing(stored(dialect), written(dialect));
    return lines.length === 0 ? [] : [`${relative(root, fileOf(dialect))}:`, ...lines];
  });
}

export function writeFixtures(): void {
  for (const dialect of dialects) writeFileSync(fileOf(dialect), written(dialect));
}

function fileOf(dialect: string): string {
  return join(root, `test/fixtures/wire/types-${dialect}.txt`);
}

function stored(dialect: string): string {
  return existsSync(fileOf(dialect)) ? readFileSync(fileOf(dialect), "utf8") : "{}\n";
}

function written(dialect: string): string {
  return run(join(root, ".interop", dialect, "bin/python"), [program, "--dialect", dialect], { capture: true });
}

interface Header {
  readonly versions?: Readonly<Record<string, string>>;
  readonly unset?: readonly string[];
  readonly others?: readonly string[];
}

/** By type and case; of the first line, what was added and what is gone. */
function differing(before: string, after: string): readonly string[] {
  const [old, now] = [parsed(before), parsed(after)];
  const lines: string[] = [];
  const names = new Set([...old.texts.keys(), ...now.texts.keys()]);
  const changed = [...names].filter((name) => old.texts.get(name) !== now.texts.get(name));
  for (const [index, name] of changed.entries()) {
    const [was, is] = [old.texts.get(name), now.texts.get(name)];
    lines.push(
      `  ${name} ${was === undefined ? "is new" : is === undefined ? "is gone" : "is written in another way"}`,
    );
    if (index >= mostShown) continue;
    if (was !== undefined) lines.push(`    - ${part(was, is)}`);
    if (is !== undefined) lines.push(`    + ${part(is, was)}`);
  }
  for (const key of ["unset", "others"] as const) {
    const label = key === "unset" ? "a field that no fixture sets" : "a type that has no fixture";
    const [had, has] = [old.header[key] ?? [], now.header[key] ?? []];
    lines.push(...has.filter((name) => !had.includes(name)).map((name) => `  ${name}: ${label}, new`));
    lines.push(...had.filter((name) => !has.includes(name)).map((name) => `  ${name}: ${label}, no longer`));
  }
  const versions = [old, now].map(({ header }) => JSON.stringify(header.versions ?? {}));
  if (versions[0] !== versions[1]) lines.unshift(`  versions: ${versions.join(" -> ")}`);
  return lines;
}

function parsed(text: string): { readonly header: Header; readonly texts: ReadonlyMap<string, string> } {
  const [header = "{}", ...lines] = text.trimEnd().split("\n");
  const texts = lines.map((line) => {
    const [type = "", name = "", message = ""] = line.split("\t");
    return [`${type}, ${name}`, message] as const;
  });
  return { header: JSON.parse(header) as Header, texts: new Map(texts) };
}

/** From a little before the place where the two part. */
function part(text: string, other = ""): string {
  let same = 0;
  while (same < text.length && text[same] === other[same]) same += 1;
  const from = Math.max(0, same - 80);
  const to = Math.min(text.length, from + longest);
  return `${from > 0 ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setUp(false);
  if (process.argv.includes("--write")) writeFixtures();
  const changes = changedFixtures();
  if (changes.length > 0) {
    console.error([fixturesDiffer, ...changes].join("\n"));
    process.exitCode = 1;
  }
}
