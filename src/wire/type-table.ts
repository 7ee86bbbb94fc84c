import type { BusMessage } from "../bus/index.ts";
import type { Frame } from "../frames/index.ts";
import type { Vocabulary } from "./dialect.ts";
import { Flaw, shorten } from "./flaw.ts";
import { isRecord, type PlainJSONRules } from "./plain-json.ts";

/** What a serializer lends to the types while they write or read. */
export interface WireScope {
  readonly vocabulary: Vocabulary;
  readonly messages: TypeTable<BusMessage>;
  readonly frames: TypeTable<Frame>;
  readonly userData: PlainJSONRules;
  /** A number for a message that the peer takes for a frame. */
  nextMessageId(): number;
}

/** A class of messages or frames, with its name and its form on the wire. */
export interface WireType<T extends object> {
  readonly name: string;
  readonly Class: abstract new (...init: never[]) => T;
  /** @throws Flaw */
  write(value: T, scope: WireScope): Record<string, unknown>;
  /** @throws Flaw */
  read(data: Readonly<Record<string, unknown>>, scope: WireScope): T;
}

export interface TaggedObject {
  readonly __type__: string;
  readonly __data__: Record<string, unknown>;
}

/**
 * The types that can be sent and received, and no others.
 *
 * A class is matched exactly: one that extends a registered class is another type, and would lose its own fields.
 * A later home for types that a relay lets through unread is the two places where this throws kind `type`.
 */
export class TypeTable<T extends object> {
  readonly #byClass = new Map<unknown, WireType<T>>();
  readonly #byName = new Map<string, WireType<T>>();

  constructor(types: readonly WireType<T>[]) {
    for (const type of types) this.add(type);
  }

  add(type: WireType<T>): void {
    this.#byClass.set(type.Class, type);
    this.#byName.set(type.name, type);
  }

  hasClass(Class: unknown): boolean {
    return this.#byClass.has(Class);
  }

  hasName(name: string): boolean {
    return this.#byName.has(name);
  }

  /** @throws Flaw */
  write(value: T, scope: WireScope): TaggedObject {
    const type = this.#byClass.get(value.constructor);
    if (type === undefined) throw new Flaw("type", `is a ${value.constructor.name}, which is not registered`);
    return { __type__: type.name, __data__: type.write(value, scope) };
  }

  /** @throws Flaw */
  read(value: unknown, scope: WireScope): T {
    if (!isRecord(value) || typeof value.__type__ !== "string" || !isRecord(value.__data__)) {
      throw new Flaw("shape", "must be an object with a __type__ and an object as __data__");
    }
    const type = this.#byName.get(value.__type__);
    if (type === undefined) {
      const name = shorten(value.__type__);
      throw new Flaw("type", `has a type that is not registered: ${JSON.stringify(name)}`, name);
    }
    return type.read(value.__data__, scope);
  }
}
