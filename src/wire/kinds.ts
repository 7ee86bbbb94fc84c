import type { FrameDirection } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { Flaw, locate } from "./flaw.ts";
import { checkPlainJSON } from "./plain-json.ts";
import type { WireScope } from "./type-table.ts";

/**
 * How a field's value looks on the wire. Both ways check what they are given: the type checker has no say over bytes,
 * and not over every caller.
 */
export interface Kind<T> {
  readonly optional?: boolean;
  /** @throws Flaw when the value cannot be sent */
  readonly write: (value: T, scope: WireScope) => unknown;
  /** @throws Flaw when the value is not of this kind */
  readonly read: (value: unknown, scope: WireScope) => T;
}

/** A value that is the same on both sides. */
function same<T>(what: string, is: (value: unknown) => value is T): Kind<T> {
  const check = (value: unknown): T => {
    if (is(value)) return value;
    throw new Flaw("shape", `must be ${what}`);
  };
  return { write: check, read: check };
}

export const text = same("a string", (value): value is string => typeof value === "string");
export const flag = same("true or false", (value): value is boolean => typeof value === "boolean");
export const number = same("a finite number", (value): value is number => Number.isFinite(value));
export const integer = same("a whole number", (value): value is number => Number.isSafeInteger(value));
export const natural = same(
  "a whole number, 0 or more",
  (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
);
export const count = same(
  "a whole number above 0",
  (value): value is number => Number.isSafeInteger(value) && Number(value) > 0,
);

export function oneOf<T extends string>(...words: readonly T[]): Kind<T> {
  return same(`one of ${words.join(", ")}`, (value): value is T => words.includes(value as T));
}

/** May be absent. Python leaves out what is None, so null is taken for the same. */
export function optional<T>(kind: Kind<T>): Kind<T | undefined> {
  return {
    optional: true,
    write: (value, scope) => (value === undefined ? undefined : kind.write(value, scope)),
    read: (value, scope) => (value === undefined || value === null ? undefined : kind.read(value, scope)),
  };
}

/** Written for the peer's sake; we know better. */
export function derived<T>(kind: Kind<T>): Kind<T | undefined> {
  return { ...optional(kind), read: () => undefined };
}

/**
 * User data, or none: any JSON, which nobody here looks into. Tags in it stay the objects they are.
 *
 * Whole numbers beyond 2^53 lose digits when they are read, as in every JSON parser of this language.
 */
export const json: Kind<unknown> = {
  optional: true,
  write: (value, { userData }) => {
    checkPlainJSON(value, userData);
    return value;
  },
  read: (value) => value,
};

/** User data that is an object. */
export const jsonObject: Kind<Readonly<Record<string, unknown>>> = {
  write: (value, { userData }) => {
    if (!isRecord(value)) throw new Flaw("shape", "must be an object");
    checkPlainJSON(value, userData);
    return value;
  },
  read: (value) => {
    if (isRecord(value)) return value;
    throw new Flaw("shape", "must be an object");
  },
};

export function listOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  return {
    write: (value, scope) => eachOf<T, unknown>(value, (item) => kind.write(item, scope)),
    read: (value, scope) => eachOf<unknown, T>(value, (item) => kind.read(item, scope)),
  };
}

function eachOf<I, O>(value: unknown, convert: (item: I) => O): O[] {
  if (!Array.isArray(value)) throw new Flaw("shape", "must be a list");
  const converted: O[] = [];
  for (let index = 0; index < value.length; index += 1) {
    try {
      converted.push(convert(value[index]));
    } catch (error) {
      throw locate(error, index);
    }
  }
  return converted;
}

/** A value with its type's name, as Python writes everything that JSON has no form for. */
export function tag(type: string, data: unknown): { readonly __type__: string; readonly __data__: unknown } {
  return { __type__: type, __data__: data };
}

/** The data of a tagged value of one of the types; undefined when it is anything else. */
export function tagged(value: unknown, ...types: readonly string[]): unknown {
  if (!isRecord(value) || typeof value.__type__ !== "string" || !types.includes(value.__type__)) return undefined;
  return value.__data__;
}

/** Binary data, which is only ever a field's own value. */
export const bytes: Kind<Uint8Array> = {
  write: (value) => {
    if (!(value instanceof Uint8Array)) throw new Flaw("shape", "must be a Uint8Array");
    return tag("bytes", toBase64(value));
  },
  read: (value) => {
    const data = tagged(value, "bytes");
    const decoded = typeof data === "string" ? fromBase64(data) : undefined;
    if (decoded === undefined) throw new Flaw("shape", "must be tagged bytes in padded base64");
    return decoded;
  },
};

/** User data that may also be bytes, as a whole; inside it they stay the tagged objects they are. */
export const jsonOrBytes: Kind<unknown> = {
  optional: true,
  write: (value, scope) => (value instanceof Uint8Array ? bytes.write(value, scope) : json.write(value, scope)),
  read: (value, scope) => (tagged(value, "bytes") === undefined ? json.read(value, scope) : bytes.read(value, scope)),
};

const directionType = "pipecat.processors.frame_processor.FrameDirection";

export const direction: Kind<FrameDirection> = {
  write: (value) => {
    if (value === "downstream") return tag(directionType, "DOWNSTREAM");
    if (value === "upstream") return tag(directionType, "UPSTREAM");
    throw new Flaw("shape", 'must be "downstream" or "upstream"');
  },
  read: (value) => {
    const member = tagged(value, directionType);
    if (member === "DOWNSTREAM") return "downstream";
    if (member === "UPSTREAM") return "upstream";
    throw new Flaw("shape", "must be a tagged direction, DOWNSTREAM or UPSTREAM");
  },
};

/** A moment: milliseconds since 1970 here, seconds there. What Python knows more exactly is rounded. */
export const moment: Kind<number> = {
  write: (value) => {
    if (!Number.isFinite(value)) throw new Flaw("shape", "must be a finite number");
    return value / 1000;
  },
  read: (value) => {
    const milliseconds = typeof value === "number" ? Math.round(value * 1000) : Number.NaN;
    if (!Number.isSafeInteger(milliseconds)) throw new Flaw("shape", "must be seconds since 1970");
    return milliseconds;
  },
};

/** A length of time: milliseconds here, seconds there. What Python knows more exactly is rounded to microseconds. */
export const duration: Kind<number> = {
  write: (value) => {
    if (!Number.isFinite(value)) throw new Flaw("shape", "must be a finite number");
    return value / 1000;
  },
  read: (value) => {
    const milliseconds = typeof value === "number" ? Math.round(value * 1_000_000) / 1000 : Number.NaN;
    if (!Number.isFinite(milliseconds)) throw new Flaw("shape", "must be a number of seconds");
    return milliseconds;
  },
};
