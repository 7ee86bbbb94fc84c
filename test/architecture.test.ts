import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type SourceTree, violations } from "./architecture/check.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

describe("the sources", () => {
  it("keep every rule of ARCHITECTURE.md", () => {
    expect(violations(readSources())).toEqual([]);
  });
});

describe("the rules", () => {
  const broken: readonly (readonly [rule: string, path: string, text: string])[] = [
    ["bus may know util, frames only", "bus/a.ts", 'import type { A } from "../agents/index.ts";'],
    ["registry may know util, bus only", "registry/a.ts", 'export { A } from "../frames/index.ts";'],
    ["pipeline may know util, frames only", "pipeline/a.ts", 'type A = import("../bus/index.ts").A;'],
    ["proxy/link may know util only", "proxy/link/a.ts", 'import { A } from "../../bus/index.ts";'],
    ["proxy may know", "proxy/a.ts", 'import { A } from "../runner/index.ts";'],
    ["through its index.ts only", "agents/a.ts", 'import { A } from "../bus/local-bus.ts";'],
    ["entry points are for users", "agents/a.ts", 'import { A } from "../index.ts";'],
    ["is not a file under src", "agents/a.ts", 'import { A } from "../nowhere/index.ts";'],
    ["imports ws: a package", "bus/a.ts", 'import { WebSocket } from "ws";'],
    ["imports @ai-sdk/openai: a package", "llm/a.ts", 'import { openai } from "@ai-sdk/openai/internal";'],
    ["imports node:fs: only files", "bus/a.ts", 'import type { Stats } from "node:fs";'],
    ["export * publishes", "bus/a.ts", 'export * from "./local-bus.ts";'],
    ["export * publishes", "bus/a.ts", 'export * as all from "./local-bus.ts";'],
    ["import(…) is not used", "bus/a.ts", 'export const load = () => import("./local-bus.ts");'],
    ["eval makes code of text", "bus/a.ts", 'export const run = () => eval("1");'],
    ["Function makes code of text", "bus/a.ts", 'export const run = () => new Function("1");'],
    ["a default export has no name", "bus/a.ts", "export default 1;"],
    ["a default export has no name", "bus/a.ts", "export default class A {}"],
    ["work on import", "bus/a.ts", 'import "./local-bus.ts";'],
    ["work on import", "bus/a.ts", "globalThis.setTimeout(() => {});"],
    ["state without an owner", "bus/a.ts", "let count = 0;"],
    ["a file has one idea", "bus/a.ts", "// line\n".repeat(301)],
    ["is a door", "agents/index.ts", "export const a = 1;"],
    ["is a door", "index.ts", "export const a = 1;"],
    ["kebab-case", "bus/localBus.ts", ""],
    ["is in no room", "stray.ts", ""],
    ["is part of a cycle", "bus/index.ts", 'export { A } from "./index.ts";'],
    ["bus/b.ts -> bus/a.ts -> bus/b.ts", "bus/a.ts", 'import type { B } from "./b.ts";'],
  ];
  const house = {
    "agents/index.ts": "",
    "bus/b.ts": 'import type { A } from "./a.ts";',
    "bus/a.ts": "",
    "bus/index.ts": "",
    "bus/local-bus.ts": "",
    "frames/index.ts": "",
    "index.ts": "",
    "runner/index.ts": "",
  };

  it.each(broken)("find what is against them: %s", (rule, path, text) => {
    const found = violations({ files: { ...house, [path]: text } });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(rule);
  });

  it("accept a house that keeps them", () => {
    const kept = {
      "agents/agent.ts": 'import { LocalBus } from "../bus/index.ts";\nimport { TrunklineError } from "../errors.ts";',
      "bus/signals.node.ts": 'import { on } from "node:events";',
      "errors.ts": "export class TrunklineError extends Error {}",
      "proxy/agent-server.ts": 'import { WebSocketServer } from "ws";',
      "runner/setup.node.ts": "export const load = (name: string) => import(name);",
      "proxy/session.ts": 'import { AgentRunner } from "../runner/index.ts";',
      "index.ts": 'export { LocalBus } from "./bus/index.ts";',
    };
    expect(violations({ files: { ...house, ...kept } })).toEqual([]);
  });

  it("follow the package's # names to both of their files", () => {
    const files = { ...house, "bus/a.ts": 'import { A } from "#signals";', "runner/signals.node.ts": "" };
    const [first, second] = violations({
      files,
      hashImports: { "#signals": ["runner/signals.node.ts", "runner/gone.ts"] },
    });
    expect(first).toContain("imports runner/signals.node.ts: another room");
    expect(second).toContain("imports runner/gone.ts, which is not a file");
  });
});

function readSources(): SourceTree {
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).sort();
  const paths = names.filter((name) => name.endsWith(".ts")).map((name) => name.replaceAll("\\", "/"));
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, "src", path), "utf8")]));
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly imports: Readonly<Record<string, { readonly "trunkline-source": Readonly<Record<string, string>> }>>;
  };
  const hashImports = Object.entries(manifest.imports).map(([name, conditions]) => [
    name,
    Object.values(conditions["trunkline-source"]).map((path) => path.replace("./src/", "")),
  ]);
  return { files, hashImports: Object.fromEntries(hashImports) };
}
