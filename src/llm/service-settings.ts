import { TrunklineError } from "../errors.ts";
import type { LLMUpdateSettingsFrame } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import type { ModelSettings } from "./model.ts";

/** What of a service can be changed while it runs. */
export interface ServiceSettings extends ModelSettings {
  readonly systemInstruction?: string | undefined;
}

/** Settings that were read, or what is wrong with them. */
export type SettingsRead =
  | { readonly settings: ServiceSettings; readonly problems: readonly [] }
  | { readonly settings: undefined; readonly problems: readonly string[] };

interface Setting {
  /** Names beside our own and the same in snake case. */
  readonly aliases?: readonly string[];
  readonly expected: string;
  fits(value: unknown): boolean;
}

const number = (expected: string, fits: (value: number) => boolean = () => true): Setting => ({
  expected,
  fits: (value) => typeof value === "number" && Number.isFinite(value) && fits(value),
});
const textsByName = (value: unknown) =>
  isRecord(value) && Object.values(value).every((entry) => typeof entry === "string");

const table: { readonly [Name in keyof Required<ServiceSettings>]: Setting } = {
  systemInstruction: { expected: "text", fits: (value) => typeof value === "string" },
  maxOutputTokens: {
    ...number("a whole number above 0", (value) => Number.isInteger(value) && value > 0),
    aliases: ["max_tokens", "max_completion_tokens"],
  },
  temperature: number("a number, 0 or more", (value) => value >= 0),
  topP: number("a number from 0 to 1", (value) => value >= 0 && value <= 1),
  topK: number("a whole number above 0", (value) => Number.isInteger(value) && value > 0),
  frequencyPenalty: number("a number"),
  presencePenalty: number("a number"),
  seed: number("a whole number", Number.isInteger),
  stopSequences: {
    expected: "a list of texts",
    fits: (value) => Array.isArray(value) && value.every((entry) => typeof entry === "string"),
  },
  providerOptions: {
    expected: "an object with an object for each provider",
    fits: (value) => isRecord(value) && Object.values(value).every(isRecord),
  },
  headers: { expected: "an object with texts", fits: textsByName },
};

const namesByAlias: ReadonlyMap<string, keyof ServiceSettings> = new Map(
  (Object.entries(table) as [keyof ServiceSettings, Setting][]).flatMap(([name, { aliases = [] }]) =>
    [name, snakeCase(name), ...aliases].map((alias) => [alias, name] as const),
  ),
);

/**
 * Reads settings by our names or by those of the Python peers. Nothing, and Python's `None`, leaves a setting to the
 * provider again. Headers go to whoever holds the key, so no frame from another process sets them. Problems are
 * sentences; values are not in them.
 */
export function readSettings({ settings: given, remoteId }: LLMUpdateSettingsFrame): SettingsRead {
  const read = readNamed(given);
  if (remoteId === undefined || read.settings === undefined || !("headers" in read.settings)) return read;
  return { settings: undefined, problems: ["The headers cannot be changed from another process."] };
}

/**
 * The settings among the options of a service.
 * @throws TrunklineError `TL_INVALID_OPTION` when one cannot be what it is
 */
export function checkedSettings(options: ServiceSettings): ServiceSettings {
  const own = Object.entries(options).filter(([name]) => Object.hasOwn(table, name));
  const { settings, problems } = readNamed(Object.fromEntries(own));
  if (settings === undefined) throw new TrunklineError("TL_INVALID_OPTION", problems.join(" "));
  return settings;
}

function readNamed(given: Readonly<Record<string, unknown>>): SettingsRead {
  const settings: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [alias, value] of Object.entries(given)) {
    const name = namesByAlias.get(alias);
    if (name === undefined) problems.push(`There is no setting "${alias.slice(0, 100)}" that can be changed.`);
    else if (Object.hasOwn(settings, name)) problems.push(`The setting ${name} is given twice.`);
    else if (value !== undefined && value !== null && !table[name].fits(value))
      problems.push(`The setting ${alias} must be ${table[name].expected}.`);
    else settings[name] = value ?? undefined;
  }
  return problems.length === 0 ? { settings, problems: [] } : { settings: undefined, problems };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
