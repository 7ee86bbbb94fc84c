import { readFileSync } from "node:fs";
import { JSONMessageSerializer, type WireDialect } from "../../src/wire/index.ts";

/** A message as a Python peer's serializer wrote it. */
export interface Capture {
  readonly dialect: WireDialect;
  readonly name: string;
  readonly text: string;
}

export const dialects: readonly WireDialect[] = ["subagents", "pipecat"];

function read(file: string, dialect: WireDialect): readonly Capture[] {
  return readFileSync(new URL(`../fixtures/wire/${file}`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [name = "", text = ""] = line.split("\t");
      return { dialect, name, text };
    });
}

export const captures: readonly Capture[] = dialects.flatMap((dialect) => read(`captures-${dialect}.txt`, dialect));

/** Messages with the frames of voice agents, as pipecat 1.14 writes them. */
export const voiceFrames: readonly Capture[] = read("voice-frames-pipecat.txt", "pipecat");

export const isLocalOnly = (capture: Capture) => capture.name === "LocalError";

/** Both directions without the check for tags, for what a Python peer has tagged itself. */
export const relay = (dialect: WireDialect) => new JSONMessageSerializer({ dialect, allowTaggedUserData: true });

export const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Every way to put another value in the place of one value inside a JSON value. */
export function* replacements(
  value: unknown,
  put: (part: unknown) => unknown,
  wrong: readonly unknown[],
): Generator<unknown> {
  for (const other of wrong) yield put(other);
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries())
      yield* replacements(part, (other) => put(value.with(index, other)), wrong);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      yield* replacements(part, (other) => put({ ...value, [key]: other }), wrong);
      const { [key]: _, ...rest } = value as Record<string, unknown>;
      yield put(rest);
    }
  }
}
