import { isDeepStrictEqual } from "node:util";

const guarded = { Object, Array, Function, String, Number, Promise, Map, Uint8Array, Error } as const;

type Snapshot = Readonly<Record<string, readonly (readonly [key: PropertyKey, value: unknown])[]>>;

/** What everything inherits from, as it is now. */
export function prototypes(): Snapshot {
  const entries = Object.entries(guarded).map(([name, { prototype }]) => {
    const keys = Reflect.ownKeys(prototype);
    return [name, keys.map((key) => [key, described(prototype, key)] as const)] as const;
  });
  return Object.fromEntries(entries);
}

/** The names of those that are not as they were. */
export function changedPrototypes(before: Snapshot): string[] {
  const now = prototypes();
  return Object.keys(now).filter((name) => !isDeepStrictEqual(now[name], before[name]));
}

function described(prototype: object, key: PropertyKey): unknown {
  const { value, get, set } = Object.getOwnPropertyDescriptor(prototype, key) ?? {};
  return value ?? get ?? set;
}
