import { TrunklineError } from "../errors.ts";
import type { WireDialect } from "./dialect.ts";

/**
 * Why bytes were not taken for a message.
 *
 * - `size`: longer than `maxBytes`.
 * - `depth`: nested deeper than `maxDepth`.
 * - `parse`: not UTF-8, or not JSON.
 * - `type`: a type of message or frame that is not registered; local-only types are never registered.
 * - `shape`: not an envelope, or a field is missing or of the wrong kind.
 */
export type RejectionReason = "size" | "depth" | "parse" | "type" | "shape";

/** What became of bytes that are not a message. */
export interface MessageRejection {
  readonly reason: RejectionReason;
  /** The type they claim to have, shortened, where it got so far. It comes from outside. */
  readonly type?: string | undefined;
  /** Where the fault is, in the names of the wire: `frame.context.messages[0]`. */
  readonly path?: string | undefined;
  /** One sentence for people. */
  readonly message: string;
}

/** Which names a serializer writes, and what it refuses to read. */
export interface JSONMessageSerializerOptions {
  /** Which Python package the peers run. Default `"subagents"`. */
  readonly dialect?: WireDialect | undefined;
  /** How long a message may be, in bytes, in both directions. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
  /**
   * How deep arrays and objects may be nested, in both directions; the envelope, the fields and a frame in it take six
   * levels of it. At most 512. Default 64.
   */
  readonly maxDepth?: number | undefined;
  /**
   * Whether user data may be sent that has an object with both `__type__` and `__data__`, which a Python peer takes
   * for a type of its own. Receiving it is always fine. Default false.
   */
  readonly allowTaggedUserData?: boolean | undefined;
  /**
   * Types that are let through unread, for a relay between peers that know more than this side: whole names, or
   * beginnings that end in `*`, such as `acme.frames.*`. Frames of these types become `OpaqueFrame`s, also where the
   * type is known here, and unknown messages `OpaqueMessage`s; both are sent on as they came. A Python peer imports what
   * it is told to, so name only what every peer behind this side may be told. They go out only through a serializer that
   * names them too. Frames that begin or end a pipeline, and the bus's own messages in either dialect, are never relayed.
   * Default: none.
   */
  readonly relayTypes?: readonly string[] | undefined;
  /** Told why {@link JSONMessageSerializer.deserialize} returned undefined. Default: only the counters know. */
  readonly onRejected?: ((rejection: MessageRejection) => void) | undefined;
}

export interface ResolvedOptions {
  readonly dialect: WireDialect;
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly allowTaggedUserData: boolean;
  readonly relayTypes: readonly string[];
  readonly onRejected: (rejection: MessageRejection) => void;
}

const defaultMaxBytes = 1_048_576;
const defaultMaxDepth = 64;
// What walks user data recurses; every engine has room for this many calls.
const highestMaxDepth = 512;

/** @throws TrunklineError `TL_INVALID_OPTION` */
export function resolveOptions(options: JSONMessageSerializerOptions): ResolvedOptions {
  const dialect = options.dialect ?? "subagents";
  if (dialect !== "subagents" && dialect !== "pipecat") {
    throw new TrunklineError("TL_INVALID_OPTION", `dialect must be "subagents" or "pipecat", not "${dialect}".`);
  }
  return {
    dialect,
    maxBytes: limit("maxBytes", options.maxBytes ?? defaultMaxBytes, Number.MAX_SAFE_INTEGER),
    maxDepth: limit("maxDepth", options.maxDepth ?? defaultMaxDepth, highestMaxDepth),
    allowTaggedUserData: options.allowTaggedUserData ?? false,
    relayTypes: [...(options.relayTypes ?? [])],
    onRejected: options.onRejected ?? (() => {}),
  };
}

function limit(name: string, value: number, highest: number): number {
  if (Number.isSafeInteger(value) && value > 0 && value <= highest) return value;
  throw new TrunklineError("TL_INVALID_OPTION", `${name} must be a whole number from 1 to ${highest}, not ${value}.`);
}
