import { isRecord } from "../util/index.ts";
import { Flaw, locate } from "./flaw.ts";
import type { Kind } from "./kinds.ts";
import type { WireScope } from "./type-table.ts";

type Properties = Readonly<Record<string, unknown>>;

/** How the fields of one class are written and read. */
export interface Shape {
  /** Adds the fields of `object` to `data`. */
  write(object: Properties, data: Record<string, unknown>, scope: WireScope): void;
  /** Adds what a constructor takes to `init`. */
  read(data: Properties, init: Record<string, unknown>, scope: WireScope): void;
}

/** A property that never leaves this process. */
export const unsent = Symbol("unsent");

type FieldOf<T> = readonly [wireName: string, kind: Kind<T>] | typeof unsent;

/**
 * Every property that the constructor of a class takes beyond those of its base, so that the compiler notices when
 * one is forgotten; and, as optional extras, other properties that a peer wants to see. In the order of the wire.
 */
export type Fields<Init, Base, Extra = unknown> = {
  readonly [N in Exclude<keyof Init, keyof Base>]-?: FieldOf<Init[N]>;
} & { readonly [N in Exclude<keyof Extra, keyof Init>]?: FieldOf<Extra[N] | undefined> };

interface Field {
  readonly name: string;
  readonly wireName: string;
  readonly kind: Kind<unknown>;
}

export const empty: Shape = { write() {}, read() {} };

/** The shape of a class whose properties map to fields one by one. */
export function fields<Init, Base = unknown, Extra = unknown>(description: Fields<Init, Base, Extra>): Shape {
  const list: Field[] = [];
  for (const [name, field] of Object.entries(description as Record<string, FieldOf<unknown>>)) {
    if (field !== unsent) list.push({ name, wireName: field[0], kind: field[1] });
  }
  return {
    write: (object, data, scope) => writeFields(list, object, data, scope),
    read: (data, init, scope) => readFields(list, data, init, scope),
  };
}

function writeFields(
  list: readonly Field[],
  object: Properties,
  data: Record<string, unknown>,
  scope: WireScope,
): void {
  for (const { name, wireName, kind } of list) {
    const value = object[name];
    if (value === undefined && kind.optional) continue;
    try {
      const written = kind.write(value, scope);
      if (written !== undefined) data[wireName] = written;
    } catch (error) {
      throw locate(error, name);
    }
  }
}

function readFields(list: readonly Field[], data: Properties, init: Record<string, unknown>, scope: WireScope): void {
  for (const { name, wireName, kind } of list) {
    // Own properties only: a field may be called what every object inherits.
    const value = Object.hasOwn(data, wireName) ? data[wireName] : undefined;
    if (value === undefined) {
      if (kind.optional) continue;
      throw new Flaw("shape", "is missing").under(wireName);
    }
    try {
      const read = kind.read(value, scope);
      if (read !== undefined) init[name] = read;
    } catch (error) {
      throw locate(error, wireName);
    }
  }
}

/** A list's or a field's plain object with fields of its own, tagged with a type name. */
export function taggedRecord<T extends object>(typeOf: (scope: WireScope) => string, shape: Shape): Kind<T> {
  return {
    write: (value, scope) => {
      if (!isRecord(value)) throw new Flaw("shape", "must be an object");
      const data: Record<string, unknown> = {};
      shape.write(value, data, scope);
      return { __type__: typeOf(scope), __data__: data };
    },
    read: (value, scope) => {
      const type = typeOf(scope);
      if (!isRecord(value) || value.__type__ !== type || !isRecord(value.__data__)) {
        throw new Flaw("shape", `must be a tagged ${type}`);
      }
      const record: Record<string, unknown> = {};
      shape.read(value.__data__, record, scope);
      return record as T;
    },
  };
}
