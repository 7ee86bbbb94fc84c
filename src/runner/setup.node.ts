import { createRequire } from "node:module";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, TrunklineError } from "../errors.ts";

/**
 * Lets the modules that `TRUNKLINE_SETUP` names set a runner up, one after the other. Gives nothing when it names none.
 * @throws TrunklineError `TL_SETUP_FAILED` that names the module that could not be loaded, or failed
 */
export function setUpRunner(runner: object): Promise<void> | undefined {
  const names = moduleNames(process.env.TRUNKLINE_SETUP ?? "");
  return names.length === 0 ? undefined : setUp(runner, names);
}

async function setUp(runner: object, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      await setupOf(await load(name))(runner);
    } catch (cause) {
      const hint = /\.[cm]?[jt]s$/.test(name) && !isPath(name) ? ` If it is a file, write "./${name}".` : "";
      const message = `The module "${name}" of TRUNKLINE_SETUP did not set the runner up: ${messageOf(cause)}${hint}`;
      throw new TrunklineError("TL_SETUP_FAILED", message, { cause });
    }
  }
}

/** A colon that belongs to a `file:` URL separates nothing. */
function moduleNames(list: string): string[] {
  const names: string[] = [];
  let urlBegun = false;
  for (const part of list.split(delimiter)) {
    if (urlBegun && part.startsWith("//")) names.push(`${names.pop()}${delimiter}${part}`);
    else if (part.trim() !== "") names.push(part.trim());
    urlBegun = part.trim() === "file";
  }
  return names;
}

/** Paths are relative to the working directory. A package is looked for where Trunkline is, then from there. */
async function load(name: string): Promise<unknown> {
  if (name.startsWith("file:")) return import(name);
  if (isPath(name)) return import(pathToFileURL(resolve(name)).href);
  try {
    return await import(name);
  } catch (error) {
    const path = fromWorkingDirectory(name);
    if (path === undefined) throw error;
    return import(pathToFileURL(path).href);
  }
}

function isPath(name: string): boolean {
  return name.startsWith(".") || isAbsolute(name);
}

function fromWorkingDirectory(name: string): string | undefined {
  try {
    return createRequire(join(process.cwd(), "package.json")).resolve(name);
  } catch {
    return undefined;
  }
}

/** A CommonJS module may have its exports under `default` only. */
function setupOf(loaded: unknown): (runner: object) => unknown {
  for (const exports of [loaded, (loaded as { readonly default?: unknown }).default]) {
    if (typeof exports !== "object" || exports === null || !("setupRunner" in exports)) continue;
    if (typeof exports.setupRunner === "function") return exports.setupRunner as (runner: object) => unknown;
  }
  throw new Error("it exports no function setupRunner(runner)");
}
