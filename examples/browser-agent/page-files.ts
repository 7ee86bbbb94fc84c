import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { PageFile } from "./page-server.ts";

/** The example's page. */
export async function pageFiles(): Promise<Readonly<Record<string, PageFile>>> {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const [html, css, script] = await Promise.all([
    readFile(file("page.html"), "utf8"),
    readFile(file("page.css"), "utf8"),
    bundle(file("page.ts")),
  ]);
  return {
    "/": { type: "text/html", text: html },
    "/page.css": { type: "text/css", text: css },
    "/page.js": { type: "text/javascript", text: script },
  };
}

/** One script of a module and all that it imports, as any bundler of a web application makes it. */
export async function bundle(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    minify: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    // The first is for this repository alone: it means the library's sources, so that nothing has to be built before.
    conditions: ["trunkline-source", "browser"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
