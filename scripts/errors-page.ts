/** Writes `docs/errors.md` from the table in `src/errors.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { errorCodes } from "../src/errors.ts";
import { root } from "./run.ts";

export const errorsPagePath = join(root, "docs", "errors.md");

export function errorsPage(): string {
  const rows = Object.entries(errorCodes).map(([code, advice]) => `| \`${code}\` | ${advice.replaceAll("|", "\\|")} |`);
  return `# Errors

Every error that Trunkline throws or reports is a \`TrunklineError\` with a \`code\` from this table. The code is stable
across releases; the message is for people and may change. Where another error is behind it, that one is the \`cause\`.

| code | what to do |
| --- | --- |
${rows.join("\n")}

This page is made from \`src/errors.ts\` by \`npm run docs:errors\`.
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeFileSync(errorsPagePath, errorsPage());
