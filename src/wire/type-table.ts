import type { BusMessage } from "../bus/index.ts";
import type { Frame } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import type { Vocabulary } from "./dialect.ts";
import { Flaw, shorten } from "./flaw.ts";
import { OpaqueFrame, OpaqueMessage, type RelayRules } from "./opaque.ts";
import type { PlainJSONRules } from "./plain-json.ts";

/** What a serializer lends to the types while they write or read. */
export interface WireScope {
  readonly vocabulary: Vocabulary;
  readonly messages: TypeTable<BusMessage>;
  readonly frames: TypeTable<Frame>;
  readonly userData: PlainJSONRules;
  /** What is relayed unread; undefined when nothing is. */
  readonly relay: RelayRules | undefined;
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
  readonly __data__: Data;
}

type Data = Readonly<Record<string, unknown>>;

/**
 * The types that can be sent and received, and no others.
 *
 * A class is matched exactly: one that extends a registered class is another type, and would lose its own fields. What
 * is relayed has no type here; `relayed` says how it is taken.
 */
export class TypeTable<T extends object> {
  readonly #byClass = new Map<unknown, WireType<T>>();
  readonly #byName = new Map<string, WireType<T>>();
  readonly #relayed: (known: boolean, type: string, data: Data, scope: WireScope) => T | undefined;

  /** `relayed` gives the object for data that is not read, or undefined. */
  constructor(
    types: readonly WireType<T>[],
    relayed: (known: boolean, type: string, data: Data, scope: WireScope) => T | undefined,
  ) {
    this.#relayed = relayed;
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
    if (value instanceof OpaqueFrame || value instanceof OpaqueMessage) return this.#writeOpaque(value, scope);
    const type = this.#byClass.get(value.constructor);
    if (type === undefined) {
      const { name } = value.constructor;
      throw new Flaw("type", `is a ${name}, which is not registered: see serializer.register(${name}, …)`);
    }
    return { __type__: type.name, __data__: type.write(value, scope) };
  }

  /** @throws Flaw */
  read(value: unknown, scope: WireScope): T {
    if (!isRecord(value) || typeof value.__type__ !== "string" || !isRecord(value.__data__)) {
      throw new Flaw("shape", "must be an object with a __type__ and an object as __data__");
    }
    const type = this.#byName.get(value.__type__);
    const relayed = this.#relayed(type !== undefined, value.__type__, value.__data__, scope);
    if (relayed !== undefined) return relayed;
    if (type === undefined) {
      const name = shorten(value.__type__);
      throw new Flaw("type", `has a type that is not registered: ${JSON.stringify(name)}`, name);
    }
    return type.read(value.__data__, scope);
  }

  /** What would not be let in is not sent out either: it may have come over another link, with other rules. */
  #writeOpaque({ type, data, ...value }: OpaqueFrame | OpaqueMessage, scope: WireScope): TaggedObject {
    const relayed = this.#relayed(this.#byName.has(type), type, data, scope);
    if (relayed === undefined) {
      throw new Flaw("type", `is of the type ${JSON.stringify(shorten(type))}, which is not relayed`, shorten(type));
    }
    if (relayed instanceof OpaqueMessage && "source" in value) {
      const { source, target } = relayed;
      if (source !== value.source) throw new Flaw("shape", "is not the source of the message").under("data.source");
      if (target !== value.target) throw new Flaw("shape", "is not the target of the message").under("data.target");
    }
    return { __type__: type, __data__: data };
  }
}
