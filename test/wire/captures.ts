import { readFileSync } from "node:fs";
import { JSONMessageSerializer, type WireDialect } from "../../src/wire/index.ts";

/** A message as a Python peer's serializer wrote it. */
export interface Capture {
  readonly dialect: WireDialect;
  readonly name: string;
  readonly text: string;
}

export const dialects: readonly WireDialect[] = ["subagents", "pipecat"];

export const captures: readonly Capture[] = dialects.flatMap((dialect) =>
  readFileSync(new URL(`../fixtures/wire/captures-${dialect}.txt`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [name = "", text = ""] = line.split("\t");
      return { dialect, name, text };
    }),
);

export const isLocalOnly = (capture: Capture) => capture.name === "LocalError";

/** Both directions without the check for tags, for what a Python peer has tagged itself. */
export const relay = (dialect: WireDialect) => new JSONMessageSerializer({ dialect, allowTaggedUserData: true });

export const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
