import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { WireDialect } from "trunkline";

export const dialects: readonly WireDialect[] = ["subagents", "pipecat"];

/** The interpreter that has a dialect's package; `npm run interop:setup` puts it there. */
export function pythonOf(dialect: WireDialect): string {
  return fileURLToPath(new URL(`../../.interop/${dialect}/bin/python`, import.meta.url));
}

/** Why nothing of this folder can run here; undefined when it can. */
export function missingPackages(): string | undefined {
  const missing = dialects.filter((dialect) => !existsSync(pythonOf(dialect)));
  return missing.length === 0 ? undefined : `no Python packages for ${missing.join(" and ")}: npm run interop:setup`;
}
