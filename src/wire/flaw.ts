/**
 * - `type`: a class or a type name that nobody registered.
 * - `shape`: a value that is not what its place asks for.
 * - `schema`: a registered schema that cannot be used.
 */
export type FlawKind = "type" | "shape" | "schema";

/** Enough for the name of any type of a peer's: one that is cut off could not be looked up. */
const maxSegmentLength = 80;

/** What is wrong with a value, and where. It stays in this room: the serializer makes an error or a rejection of it. */
export class Flaw extends Error {
  readonly kind: FlawKind;
  /** The type name from outside, for kind `type`. */
  readonly typeName: string | undefined;
  /** Where the value is, as a programmer would write it: `frame.metadata.tags[2]`. */
  path = "";

  constructor(kind: FlawKind, problem: string, typeName?: string) {
    super(problem);
    this.name = "Flaw";
    this.kind = kind;
    this.typeName = typeName;
  }

  /** Says that the value is part of another one. A path grows on the way out, so that good values pay nothing for it. */
  under(segment: string | number): this {
    const rest = this.path === "" || this.path.startsWith("[") ? this.path : `.${this.path}`;
    this.path = `${typeof segment === "number" ? `[${segment}]` : shorten(segment)}${rest}`;
    return this;
  }
}

/** Adds a segment to the path of a flaw on its way out; other errors pass through as they are. */
export function locate(error: unknown, segment: string | number): unknown {
  return error instanceof Flaw ? error.under(segment) : error;
}

/** Runs `work` for a part of a value, so that what it finds wrong is located there. */
export function within<T>(segment: string | number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw locate(error, segment);
  }
}

/** Names and keys come from outside too: a report must not be as long as its sender likes. */
export function shorten(name: string): string {
  return name.length <= maxSegmentLength ? name : `${name.slice(0, maxSegmentLength)}…`;
}
