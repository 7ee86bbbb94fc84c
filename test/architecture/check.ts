import { posix } from "node:path";
import { type ParsedFile, parse } from "./parse.ts";
import { doors, entryPoints, exceptions, maximumLines, nodeFiles, packages, rooms } from "./rules.ts";

/** Source texts by path under `src/`, and what the package's `#names` stand for. */
export interface SourceTree {
  readonly files: Readonly<Record<string, string>>;
  readonly hashImports?: Readonly<Record<string, readonly string[]>>;
}

/** Every broken rule, as `path:line rule and why`. */
export function violations(tree: SourceTree): string[] {
  const parsed = new Map(Object.entries(tree.files).map(([path, text]) => [path, parse(path, text)]));
  const found: string[] = [];
  const graph = new Map<string, Set<string>>();
  for (const [path, file] of parsed) {
    const edges = new Set<string>();
    graph.set(path, edges);
    found.push(...ownRules(path, file));
    for (const { specifier, line } of file.imports) {
      const targets = resolve(path, specifier, tree.hashImports ?? {});
      const rules = targets
        ? targets.map((target) => importRule(path, target, parsed))
        : [packageRule(path, specifier)];
      for (const target of targets ?? []) edges.add(target);
      for (const rule of rules) if (rule !== undefined) found.push(`${path}:${line} ${rule}`);
    }
  }
  found.push(...cycles(graph));
  return found;
}

function ownRules(path: string, file: ParsedFile): string[] {
  const found = file.findings.map(({ line, rule }) => `${path}:${line} ${rule}`);
  // An entry point is as long as there are public names.
  if (file.lines > maximumLines && !entryPoints.includes(path)) {
    found.push(`${path} has ${file.lines} lines of at most ${maximumLines}: a file has one idea, this one has more`);
  }
  if (isDoor(path) && !file.listsNamesOnly) found.push(`${path} is a door: it lists names to export and nothing else`);
  if (!/^([a-z0-9-]+\/)*[a-z0-9-]+(\.(node|web))?\.ts$/.test(path)) {
    found.push(`${path} is not named in kebab-case, which is how every other file is found`);
  }
  if (!path.includes("/") && path !== "errors.ts" && !entryPoints.includes(path)) {
    found.push(`${path} is in no room: a file belongs to a folder of the table in rules.ts`);
  }
  return found;
}

/** The files a specifier stands for, relative to `src/`; undefined for packages. */
function resolve(
  from: string,
  specifier: string,
  hashImports: Readonly<Record<string, readonly string[]>>,
): readonly string[] | undefined {
  if (specifier.startsWith("#")) return hashImports[specifier] ?? [specifier];
  return specifier.startsWith(".") ? [posix.join(posix.dirname(from), specifier)] : undefined;
}

function importRule(from: string, to: string, files: ReadonlyMap<string, ParsedFile>): string | undefined {
  if (!files.has(to)) return `imports ${to}, which is not a file under src`;
  if (to === "errors.ts") return undefined;
  const [here, there] = [roomOf(from), roomOf(to)];
  if (there === undefined) return `imports ${to}: entry points are for users, rooms import rooms`;
  if (here === there) return undefined;
  if (!isDoor(to)) return `imports ${to}: another room is entered through its index.ts only`;
  if (entryPoints.includes(from)) return undefined;
  const allowed = [...(rooms[here ?? ""] ?? []), ...(exceptions[from]?.rooms ?? [])];
  if (allowed.includes(there)) return undefined;
  return `imports ${there}: ${here ?? from} may know ${allowed.join(", ") || "nothing"} only, so that it can be read, tested and removed alone`;
}

function packageRule(from: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) {
    if (from.endsWith(".node.ts") || matches(from, nodeFiles)) return undefined;
    return `imports ${specifier}: only files that say so run in Node alone (*.node.ts, or nodeFiles in rules.ts)`;
  }
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  if (matches(from, packages[name] ?? [])) return undefined;
  return `imports ${name}: a package from outside is met in few, named files (packages in rules.ts)`;
}

/** The deepest room of the table that holds the file. */
function roomOf(path: string): string | undefined {
  for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) {
    if (folder in rooms) return folder;
  }
  return undefined;
}

function isDoor(path: string): boolean {
  const folder = posix.dirname(path);
  if (folder === ".") return entryPoints.includes(path);
  return (doors[folder] ?? ["index.ts"]).includes(posix.basename(path));
}

function matches(path: string, patterns: readonly string[]): boolean {
  return patterns.some((it) => (it.endsWith("*") ? path.startsWith(it.slice(0, -1)) : path === it));
}

/** Each knot of files that import each other, types included, told once by the first way round that is met. */
function cycles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const found: string[] = [];
  const finished = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) {
      const circle = [...way.slice(start), path].join(" -> ");
      found.push(`${path} is part of a cycle: ${circle}; neither of them can be understood first`);
      return;
    }
    if (finished.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...way, path]);
    finished.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}
