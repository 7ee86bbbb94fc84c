/** Packs the package and checks the tarball as its users meet it: its manifest, its types, its entry points. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { root, run, runNpm, runScript } from "./run.ts";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The entry points that run everywhere; their types need neither Node's nor, on Node, the DOM's. */
const webDoors = [".", "./llm", "./testing"];
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const folder = mkdtempSync(join(tmpdir(), "trunkline-package-"));
try {
  // Building is a step of its own, so that what it prints does not get between us and npm's answer.
  runNpm(["run", "build"]);
  const packed = runNpm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { capture: true });
  const tarball = join(folder, (JSON.parse(packed) as [{ filename: string }])[0].filename);
  runScript("publint/src/cli.js", ["run", tarball, "--strict"]);
  runScript("@arethetypeswrong/cli/dist/index.js", [tarball, "--profile", "esm-only", "--format", "table-flipped"]);
  install(tarball);
  useEveryEntryPoint();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Unpacks the tarball next to its declared dependencies and nothing else, so that an undeclared one is missed. */
function install(tarball: string): void {
  const target = join(folder, "node_modules", manifest.name);
  mkdirSync(target, { recursive: true });
  run("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  for (const name of [...Object.keys(manifest.dependencies), "@types/node"]) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link, "junction");
  }
}

/** A user's program: it runs under plain Node and satisfies the compiler, in a server's settings and in a web page's. */
function useEveryEntryPoint(): void {
  const all = Object.keys(manifest.exports).filter((door) => !door.endsWith(".json"));
  const common = { target: "es2023", strict: true, skipLibCheck: false };
  const lib = ["es2023", "esnext.disposable"];
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  use("Node", all, { ...common, module: "nodenext", lib, types: ["node"] });
  use("a web page", webDoors, {
    ...common,
    module: "esnext",
    moduleResolution: "bundler",
    lib: [...lib, "dom", "dom.asynciterable"],
    types: [],
  });
}

function use(where: string, doors: readonly string[], compilerOptions: object): void {
  const imports = doors.map((door, index) => `import * as door${index} from "${posix.join(manifest.name, door)}";`);
  const checks = doors.map(
    (door, index) => `if (Object.keys(door${index}).length === 0) throw new Error("${door} exports nothing");`,
  );
  writeFileSync(join(folder, "main.ts"), `${[...imports, ...checks].join("\n")}\n`);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
  runScript("typescript/bin/tsc", ["-p", folder]);
  run(process.execPath, [join(folder, "main.js")], { cwd: folder, timeoutMs: 20_000 });
  console.log(`${doors.join(", ")}: type-checked with the settings of ${where}, and run`);
}
