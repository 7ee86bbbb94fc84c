import { builtinModules } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build, type Plugin } from "esbuild";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const doors = ["src/index.ts", "src/llm.ts", "src/testing.ts"];

/** What a browser gives a page; nothing of Node's own. */
const webGlobals = {
  AbortController,
  AbortSignal,
  DOMException,
  Event,
  EventTarget,
  Headers,
  MessageChannel,
  ReadableStream,
  TextDecoder,
  TextEncoder,
  URL,
  WebSocket: class {},
  atob,
  btoa,
  clearTimeout,
  console,
  crypto,
  fetch,
  performance,
  queueMicrotask,
  setTimeout,
  structuredClone,
};

describe.each(doors)("%s in a browser", (door) => {
  it("asks for no module that only Node has", async () => {
    const { nodeOnly } = await bundle(door);
    expect(nodeOnly).toEqual([]);
  });

  it("loads where process, Buffer and require are unknown, and exports its names", async () => {
    const { code } = await bundle(door);
    const page = createContext({ ...webGlobals });
    runInContext(code, page);
    expect(runInContext("Object.keys(trunkline).length", page)).toBeGreaterThan(0);
  });
});

it("carries a message over a bus in a browser", async () => {
  const { code } = await bundle("src/index.ts");
  const page = createContext({ ...webGlobals });
  runInContext(code, page);
  const program = `(async () => {
    const { BusDataMessage, LocalBus } = trunkline;
    const bus = new LocalBus();
    const received = new Promise((onBusMessage) => void bus.subscribe({ name: "b", onBusMessage }));
    await bus.start();
    await bus.send(new BusDataMessage({ source: "a", target: "b" }));
    const { source } = await received;
    await bus.stop();
    return source;
  })()`;
  expect(await runInContext(program, page)).toBe("a");
});

describe("the check itself", () => {
  it("finds node: modules, bare built-ins and ws, with the file that asks for them", async () => {
    const contents = 'import "node:fs"; import "path"; import { WebSocket } from "ws"; console.log(WebSocket);';
    const { nodeOnly } = await bundle({ contents, resolveDir: root, sourcefile: "made-up.ts" });
    expect(nodeOnly).toEqual(["made-up.ts: node:fs", "made-up.ts: path", "made-up.ts: ws"]);
  });
});

/** Bundles as a web application's bundler would, in memory. */
async function bundle(
  entry: string | { readonly contents: string; readonly resolveDir: string; readonly sourcefile: string },
): Promise<{ readonly code: string; readonly nodeOnly: readonly string[] }> {
  const nodeOnly: string[] = [];
  const watch: Plugin = {
    name: "watch-for-node",
    setup(builder) {
      builder.onResolve({ filter: /^[a-z][a-z0-9_:/]*$/ }, ({ path, importer }) => {
        if (path !== "ws" && !path.startsWith("node:") && !builtinModules.includes(path)) return undefined;
        nodeOnly.push(`${relative(root, importer).replaceAll("\\", "/")}: ${path}`);
        return { path, external: true };
      });
    },
  };
  const result = await build({
    ...(typeof entry === "string" ? { entryPoints: [entry] } : { stdin: entry }),
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: "browser",
    target: "es2023",
    format: "iife",
    globalName: "trunkline",
    conditions: ["trunkline-source", "browser"],
    plugins: [watch],
    logLevel: "silent",
  });
  return { code: result.outputFiles[0]?.text ?? "", nodeOnly: nodeOnly.sort() };
}
