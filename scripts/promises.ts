/** Writes `docs/promises.md`: what is promised, and the tests that show it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { behaviours } from "../test/promises/behaviours.ts";
import { knownBugs } from "../test/promises/known-bugs.ts";
import { shownBy } from "../test/promises/shown-by.ts";
import { type TestTitle, testTitles } from "../test/promises/test-titles.ts";
import { root } from "./run.ts";

export const promisesPagePath = join(root, "docs", "promises.md");

/** A line of the behaviours, or a number of the known faults, with the tests that show it. */
export interface Promised {
  /** The line itself, or the number. */
  readonly key: string;
  readonly text: string;
  readonly tests: readonly TestTitle[];
}

export interface Promises {
  readonly sections: readonly { readonly title: string; readonly lines: readonly Promised[] }[];
  readonly bugs: readonly Promised[];
  /** What no test shows. */
  readonly missing: readonly string[];
  /** Entries of `shown-by.ts` that lead nowhere: for a promise that is not there, or to a test that is not. */
  readonly stale: readonly string[];
}

/** Every test of the repository, in the order of its files. */
export function allTests(): TestTitle[] {
  const names = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name.split(sep).join("/")}`);
  return files.sort().flatMap((file) => testTitles(file, readFileSync(join(root, file), "utf8")));
}

export function promisesOf(tests: readonly TestTitle[], aliases: typeof shownBy = shownBy): Promises {
  const words = tests.map((test) => [...test.within, test.title].map((title) => ` ${wordsOf(title)} `));
  const numbers = tests.map((test) => numbersIn([...test.within, test.title].join(" ")));
  const named = (key: string): ReadonlySet<TestTitle> =>
    new Set((aliases[key] ?? []).flatMap(([file, title]) => tests.filter((test) => isNamed(test, file, title))));
  const promised = (key: string, text: string, shows: (index: number) => boolean): Promised => {
    const byName = named(key);
    return { key, text, tests: tests.filter((test, index) => byName.has(test) || shows(index)) };
  };
  const ofLine = (line: string): Promised => {
    const sought = ` ${wordsOf(line)} `;
    return promised(line, line, (index) => words[index]?.some((title) => title.includes(sought)) === true);
  };
  const sections = behaviours.map(({ title, lines }) => ({ title, lines: lines.map(ofLine) }));
  const bugs = Object.entries(knownBugs).map(([number, text]) =>
    promised(number, text, (index) => numbers[index]?.has(Number(number.slice(1))) === true),
  );
  const all = [...sections.flatMap(({ lines }) => lines), ...bugs];
  const missing = all.filter((promise) => promise.tests.length === 0).map(({ key }) => key);
  return { sections, bugs, missing, stale: staleOf(tests, new Set(all.map(({ key }) => key)), aliases) };
}

function staleOf(tests: readonly TestTitle[], keys: ReadonlySet<string>, aliases: typeof shownBy): string[] {
  return Object.entries(aliases).flatMap(([key, names]) => {
    if (!keys.has(key)) return [`"${key}" is no promise`];
    const lost = names.filter(([file, title]) => !tests.some((test) => isNamed(test, file, title)));
    return lost.map(([file, title]) => `"${key}": ${file} has no test "${title}"`);
  });
}

function isNamed(test: TestTitle, file: string, title: string): boolean {
  return test.file === file && test.title === title;
}

/** What two titles have in common whatever their capitals and punctuation. */
function wordsOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** The faults a title names, one by one, as a list or from one to another. */
function numbersIn(title: string): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const [, first = "", last = first] of title.matchAll(/\bK(\d+)(?:\s*[–-]\s*K(\d+))?/g)) {
    for (let number = Number(first); number <= Number(last); number++) numbers.add(number);
  }
  return numbers;
}

export function promisesPage({ sections, bugs, missing }: Promises): string {
  const lines = sections.flatMap((section) => section.lines);
  const tables = sections.map(({ title, lines }) => `### ${title}\n\n${tableOf("promise", lines)}`);
  return `# Promises

What this library promises, and the tests that show it. ${shareOf(lines)} of the behaviours and ${shareOf(bugs)} of
the known faults are shown.

${missing.length === 0 ? "Nothing is missing." : `Not shown yet:\n\n${missing.map((key) => `- ${nameOf(bugs, key)}`).join("\n")}`}

## Behaviour

${tables.join("\n\n")}

## Known faults of such libraries, and what happens here

${tableOf("fault", bugs)}

This page is made from the titles of the tests by \`npm run docs:promises\`.
`;
}

function shareOf(promises: readonly Promised[]): string {
  return `${promises.filter(({ tests }) => tests.length > 0).length} of ${promises.length}`;
}

function nameOf(bugs: readonly Promised[], key: string): string {
  const text = bugs.find((bug) => bug.key === key)?.text;
  return text === undefined ? key : `${key}: ${text}`;
}

function tableOf(heading: string, promises: readonly Promised[]): string {
  const rows = promises.map(({ key, text, tests }) => {
    const promise = key === text ? text : `${key}: ${text}`;
    return `| ${cell(promise)} | ${tests.length === 0 ? "–" : tests.map(linkOf).join("<br>")} |`;
  });
  return `| ${heading} | shown by |\n| --- | --- |\n${rows.join("\n")}`;
}

function linkOf({ file, title, within }: TestTitle): string {
  const name = file.replace(/^test\//, "").replace(/\.test\.ts$/, "");
  return `[${name}](../${file}): ${cell([...within, title].join(" › "))}`;
}

function cell(text: string): string {
  return text.replaceAll(/[\\|*_<>`[\]$]/g, "\\$&").replaceAll("\n", " ");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const promises = promisesOf(allTests());
  if (promises.stale.length > 0) {
    console.error(`test/promises/shown-by.ts:\n${promises.stale.join("\n")}`);
    process.exitCode = 1;
  }
  writeFileSync(promisesPagePath, promisesPage(promises));
  console.log(`${promises.missing.length} not shown${promises.missing.map((key) => `\n- ${key}`).join("")}`);
}
