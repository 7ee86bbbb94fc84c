/** Builds `dist/`: JavaScript, declarations and maps. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, runScript } from "./run.ts";

const dist = join(root, "dist");
rmSync(dist, { recursive: true, force: true });
runScript("typescript/bin/tsc", ["-p", "tsconfig.build.json"]);

// TypeScript rewrites `./x.ts` to `./x.js` in JavaScript but not in declarations.
for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".d.ts")) continue;
  const text = readFileSync(join(dist, file), "utf8");
  writeFileSync(join(dist, file), text.replaceAll(/(\bfrom |\bimport\()"(\.{1,2}\/[^"]+)\.ts"/g, '$1"$2.js"'));
}
