import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { anchors, relativeLinks } from "./markdown-links.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "REVIEW.md",
  "SECURITY.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");

/** Public names that no page has to tell of, by the reason. */
const untold: Readonly<Record<string, readonly string[]>> = {
  "docs/how-do-i.md says of all of them at once that what X is built with is XInit or XOptions, and that its events are XEvents":
    publicNames()
      .filter(({ name, type }) => type && /(Init|Options|Events)$/.test(name))
      .map(({ name }) => name),
};

describe("the documents", () => {
  it.each(pages)("%s: every link in it leads somewhere", (page) => {
    const broken = relativeLinks(textOf(page)).flatMap(({ target, line }) => {
      const problem = problemOf(page, target);
      return problem === undefined ? [] : [`${page}:${line} ${target}: ${problem}`];
    });
    expect(broken).toEqual([]);
  });

  it("tell of every public name", () => {
    const told = pages
      .filter((page) => page === "README.md" || page.startsWith("docs/"))
      .map(textOf)
      .join("\n");
    const words = new Set(told.match(/[A-Za-z_$][\w$]*/g));
    const allowed = new Set(Object.values(untold).flat());
    const missing = publicNames().filter(({ name }) => !words.has(name) && !allowed.has(name));
    expect(
      missing.map(({ name, entryPoint }) => `${name} of ${entryPoint}`),
      "show these in the page of their subject, or name them in docs/how-do-i.md",
    ).toEqual([]);
  });

  it("are all in the index", () => {
    const index = relativeLinks(textOf("docs/README.md")).map(({ target }) => `docs/${target}`);
    const inDocs = pages.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
    expect(inDocs.filter((page) => !index.includes(page))).toEqual([]);
  });
});

describe("the links of a page", () => {
  it("are found in its prose only, and those to other places are left alone", () => {
    const page = '[a](b.md#c) `[no](x)` [web](https://x.example)\n```ts\n[no](y)\n```\n[d](<e>)\n![f](g.png "G")\n';
    expect(relativeLinks(page)).toEqual([
      { line: 1, target: "b.md#c" },
      { line: 5, target: "<e>" },
      { line: 6, target: "g.png" },
    ]);
  });

  it("lead to headings by the names GitHub gives them", () => {
    const page =
      "# An agent's life\n## `tool()`: what?\n## Same\n## Same\n```sh\n# no heading\n```\n### See [this](x.md) …\n";
    expect([...anchors(page)]).toEqual(["an-agents-life", "tool-what", "same", "same-1", "see-this-"]);
  });
});

function problemOf(page: string, target: string): string | undefined {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : relative(root, join(root, dirname(page), path));
  if (file.startsWith("..") || !existsSync(join(root, file))) return "there is no such file";
  if (anchor === undefined) return undefined;
  if (statSync(join(root, file)).isDirectory() || !file.endsWith(".md")) return "only pages have anchors";
  return anchors(textOf(file)).has(anchor) ? undefined : "there is no such heading";
}

interface PublicName {
  readonly name: string;
  readonly type: boolean;
  readonly entryPoint: string;
}

function publicNames(): readonly PublicName[] {
  return ["index.ts", "server.ts", "llm.ts", "testing.ts", "testing-node.ts"].flatMap((file) => {
    const source = ts.createSourceFile(file, textOf(`src/${file}`), ts.ScriptTarget.Latest);
    const entryPoint =
      file === "index.ts" ? "trunkline" : `trunkline/${file.slice(0, -".ts".length).replace("-", "/")}`;
    return source.statements.flatMap((statement) => {
      if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined) return [];
      if (!ts.isNamedExports(statement.exportClause)) return [];
      return statement.exportClause.elements.map((element) => ({
        name: element.name.text,
        type: statement.isTypeOnly || element.isTypeOnly,
        entryPoint,
      }));
    });
  });
}
