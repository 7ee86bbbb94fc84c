/**
 * Checks the code in README.md, ARCHITECTURE.md, CONTRIBUTING.md, docs/ and the pages of examples/: every `ts` block
 * compiles, `ts run` blocks run, and with `--shell` the `sh run` blocks of a file run one after the other in a fresh
 * clone. CONTRIBUTING.md says more.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { type CodeBlock, codeBlocks } from "./markdown.ts";
import { root, run, runScript } from "./run.ts";

const docs = readdirSync(join(root, "docs")).map((name) => join("docs", name));
const examples = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" })
  .map((name) => join("examples", name))
  // The page about all of them comes first: it says how to install what they need.
  .sort((a, b) => a.split(sep).length - b.split(sep).length || a.localeCompare(b));
const files = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...docs, ...examples].filter((file) =>
  file.endsWith(".md"),
);
const blocks = files
  .filter((file) => existsSync(join(root, file)))
  .flatMap((file) => codeBlocks(file, readFileSync(join(root, file), "utf8")));

checkTypeScript(blocks.filter((block) => block.language === "ts"));
if (process.argv.includes("--shell")) runShell(blocks.filter((block) => block.language === "sh" && runs(block)));

function runs(block: CodeBlock): boolean {
  return block.flags.includes("run");
}

function checkTypeScript(snippets: readonly CodeBlock[]): void {
  if (snippets.length === 0) return;
  // Inside the package, so that "trunkline" means these sources.
  const folder = mkdtempSync(join(root, ".snippets-"));
  try {
    const names = snippets.map((block) => {
      const name = `${block.file.replaceAll(/[\\/]/g, "-")}-${block.line}.ts`;
      // Empty lines in front make the compiler's line numbers those of the page.
      writeFileSync(join(folder, name), "\n".repeat(block.line - 1) + block.code);
      return name;
    });
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: "../tsconfig.json", include: ["*.ts"] }));
    runScript("typescript/bin/tsc", ["-p", folder]);
    for (const [index, block] of snippets.entries()) {
      if (!runs(block)) continue;
      console.log(`${block.file}:${block.line}: run`);
      runScript("tsx/dist/cli.mjs", ["--conditions=trunkline-source", join(folder, names[index] ?? "")], {
        timeoutMs: 30_000,
      });
    }
    console.log(`${snippets.length} TypeScript blocks compile`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runShell(commands: readonly CodeBlock[]): void {
  for (const home of new Set(commands.map(homeOf))) {
    const parent = mkdtempSync(join(tmpdir(), "trunkline-readme-"));
    const clone = join(parent, "trunkline");
    try {
      run("git", ["clone", "--quiet", root, clone]);
      for (const block of commands.filter((it) => homeOf(it) === home)) {
        console.log(`${block.file}:${block.line}: run\n${block.code}`);
        run("bash", ["-euo", "pipefail", "-c", block.code], { cwd: clone });
      }
    } finally {
      rmSync(parent, { recursive: true, force: true });
    }
  }
}

/** What has a clone of its own: a page, and the examples together, which are installed once. */
function homeOf({ file }: CodeBlock): string {
  return file.startsWith(join("examples", sep)) ? "examples" : file;
}
