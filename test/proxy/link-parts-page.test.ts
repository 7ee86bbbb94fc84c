import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { codeBlocks } from "../../scripts/markdown.ts";
import * as closeCodes from "../../src/proxy/link/close-codes.ts";
import { newCounters } from "../../src/proxy/link/counters.ts";
import { readControlFrame, transitions } from "../../src/proxy/link/index.ts";
import { resolveLinkOptions } from "../../src/proxy/link/options.ts";
import { newServerCounters } from "../../src/proxy/server-counters.ts";

const root = new URL("../../", import.meta.url);
const linkFolder = new URL("src/proxy/link/", root);
const page = readFileSync(new URL("docs/link.md", root), "utf8");
const blocks = codeBlocks("docs/link.md", page);

function block(language: string): string[] {
  const code = blocks.find((it) => it.language === language)?.code ?? "";
  return code.trim().split("\n");
}

/** The rows of the table whose first column has this heading. */
function table(heading: string): string[][] {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  expect(start, `the table of each ${heading}`).toBeGreaterThan(0);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const quoted = (cell = ""): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

describe("the page about the link", () => {
  it("draws every change of state there is, and no other", () => {
    const edges = block("mermaid")
      .map((line) => /^\s*(\w+) --> (\w+) : (\w+)$/.exec(line))
      .flatMap((edge) => (edge === null ? [] : [`${edge[1]} × ${edge[3]}: ${edge[2]}`]));
    const all = Object.entries(transitions).flatMap(([from, steps]) =>
      Object.entries(steps).map(([event, to]) => `${from} × ${event}: ${to}`),
    );
    expect(edges.sort()).toEqual(all.sort());
  });

  it("shows control frames that are read, and one of each kind", () => {
    const frames = block("json").map((line) => readControlFrame(new TextEncoder().encode(line)));
    expect(frames).not.toContain(undefined);
    const kinds = table("frame").map(([kind]) => quoted(kind)[0]);
    expect([...new Set(frames.map((frame) => frame?.t))].sort()).toEqual(kinds.sort());
  });

  it("gives the numbers that are in the code", () => {
    const units: Readonly<Record<string, number>> = { "": 1, bytes: 1, ms: 1, s: 1_000, KiB: 1_024, MiB: 1_048_576 };
    const rows = table("what");
    expect(rows.length).toBeGreaterThan(20);
    for (const [what = "", value = "", where = ""] of rows) {
      const [, number = "", unit = ""] = /^([\d,.]+) ?(\w*)$/.exec(value) ?? [];
      expect([what, Number(number.replaceAll(",", "")) * (units[unit] ?? Number.NaN)]).toEqual([what, inCode(where)]);
    }
  });

  it("lists every counter", () => {
    const listed = table("counter").flatMap(([names]) => quoted(names));
    expect(listed.sort()).toEqual(Object.keys(newCounters()).sort());
  });

  it("lists every reason for which a session is lost", () => {
    const listed = table("`lost`").flatMap(([names]) => quoted(names));
    expect(listed.sort()).toEqual(Object.keys(newServerCounters().lost).sort());
  });

  it("says of each close code whether the session goes on", () => {
    const { mayComeBack, ...codes } = closeCodes;
    const rows = table("code").flatMap(([cell = "", , what = ""]) =>
      [...cell.matchAll(/\d{4}/g)].map(([code]) => ({ code: Number(code), goesOn: what.startsWith("goes on") })),
    );
    for (const { code, goesOn } of rows) expect([code, mayComeBack(code)]).toEqual([code, goesOn]);
    const listed = rows.map(({ code }) => code);
    expect(listed).toEqual(expect.arrayContaining(Object.values(codes)));
    const others = Array.from({ length: 1_000 }, (_, index) => 4_000 + index);
    for (const code of others) expect(mayComeBack(code)).toBe(code <= 4_499);
  });

  it("names every file, once", () => {
    const files = table("file").flatMap(([names]) => quoted(names));
    expect(files.sort()).toEqual(readdirSync(linkFolder).sort());
  });
});

/** What is there under a name: the default of an option, or a constant of a file. */
function inCode(where: string): unknown {
  const [first = "", name = ""] = quoted(where);
  if (where.startsWith("option")) {
    return first
      .split(".")
      .reduce<unknown>((from, key) => (from as Record<string, unknown>)[key], resolveLinkOptions());
  }
  const source = readFileSync(new URL(first, linkFolder), "utf8");
  return Number(new RegExp(`const ${name} = ([\\d_.]+);`).exec(source)?.[1]?.replaceAll("_", ""));
}
