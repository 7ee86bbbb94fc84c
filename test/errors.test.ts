import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { errorsPage, errorsPagePath } from "../scripts/errors-page.ts";
import { errorCodes } from "../src/errors.ts";

const source = fileURLToPath(new URL("../src", import.meta.url));
const codes = Object.keys(errorCodes);

describe("the table of error codes", () => {
  it("holds only codes that some file uses, and every code that one does", () => {
    const used = new Set(sourceFiles().flatMap((path) => readFileSync(path, "utf8").match(/"TL_[A-Z_]+"/g) ?? []));
    expect([...used].sort()).toEqual(codes.map((code) => `"${code}"`).sort());
  });

  it("is in alphabetical order, and every code says in a sentence what to do", () => {
    const words = codes.map((code) => code.replaceAll("_", " "));
    expect(words).toEqual([...words].sort());
    for (const advice of Object.values(errorCodes)) expect(advice).toMatch(/^[A-Z].*\.$/);
  });

  it("is what docs/errors.md lists: npm run docs:errors writes it", () => {
    expect(readFileSync(errorsPagePath, "utf8")).toBe(errorsPage());
  });
});

function sourceFiles(): string[] {
  const names = readdirSync(source, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts") && name !== "errors.ts").map((name) => join(source, name));
}
