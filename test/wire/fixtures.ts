import { readFileSync } from "node:fs";
import type { WireDialect } from "../../src/wire/index.ts";
import { aliases, notCarried, olderNames, refusals, translations } from "./differences.ts";

/** A message as the real serializer of a package wrote it. */
export interface Fixture {
  readonly dialect: WireDialect;
  /** The type it is about: a message's, or that of the frame in it. */
  readonly type: string;
  readonly case: string;
  readonly text: string;
}

/** The fixtures of one package. */
export interface FixtureFile {
  readonly dialect: WireDialect;
  /** Of the packages that wrote them. */
  readonly versions: Readonly<Record<string, string>>;
  /** Fields of theirs that no fixture sets. */
  readonly unset: readonly string[];
  /** Types of theirs that are in no fixture. */
  readonly others: readonly string[];
  readonly fixtures: readonly Fixture[];
}

/** Read without Python; `npm run test:interop` tells whether they are still what the package writes. */
export function fixtureFile(dialect: WireDialect): FixtureFile {
  const file = new URL(`../fixtures/wire/types-${dialect}.txt`, import.meta.url);
  const [header = "", ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  const fixtures = lines.map((line) => {
    const [type = "", name = "", text = ""] = line.split("\t");
    return { dialect, type, case: name, text };
  });
  return { dialect, ...JSON.parse(header), fixtures };
}

/** Why we do not read it; undefined for what we do. */
export function refusalOf({ type, case: name }: Fixture) {
  return refusals.find(({ types, cases }) => types.test(type) && cases.test(name));
}

/** The name of a class without its module. */
export const shortName = (type: string) => type.slice(type.lastIndexOf(".") + 1);

/** Frames and messages have ids and names, and what else they carry is between peers of theirs or of ours. */
const isTheirs = (type: string) =>
  /^pipecat(_subagents)?\.(frames\.frames|bus\.messages|bus\.ui\.messages|processors\.aggregators\.llm_context)\./.test(
    type,
  );

type Data = Readonly<Record<string, unknown>>;

/**
 * What a message says, in whichever of the two ways it is written: without what is counted, without what does not
 * cross, and with what has two forms in one of them. An interruption's say is compared on frames, not here.
 */
export function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaning);
  if (typeof value !== "object" || value === null) return value;
  const { __type__: type, __data__: data } = value as Data;
  if (typeof type !== "string" || typeof data !== "object" || data === null) return mapped(value as Data);
  const name = shortName(type);
  const translated = isTheirs(type) ? (translations[name]?.translate(data as Data) ?? data) : data;
  const dropped = new Set(isTheirs(type) ? droppedFrom(type, name) : []);
  const kept = Object.entries(mapped(translated as Data)).filter(
    ([key, part]) => !dropped.has(key) && part !== undefined,
  );
  return { __type__: aliases[type] ?? type, __data__: Object.fromEntries(kept) };
}

function mapped(object: Data): Data {
  return Object.fromEntries(Object.entries(object).map(([key, part]) => [key, meaning(part)]));
}

function droppedFrom(type: string, name: string): readonly string[] {
  const every = type.includes(".bus.") ? notCarried["every message"] : undefined;
  return ["id", "name", "interruptible", ...Object.keys({ ...every, ...notCarried[name], ...olderNames[name] })];
}
