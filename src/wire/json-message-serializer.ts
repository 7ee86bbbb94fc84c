import { BusMessage, type BusMessageClass, isLocal } from "../bus/index.ts";
import { messageOf, TrunklineError } from "../errors.ts";
import { Frame, type FrameClass } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import { vocabularyOf } from "./dialect.ts";
import { Flaw, shorten } from "./flaw.ts";
import { frameTypes } from "./frame-types.ts";
import { hasPrototypeKey, nestsDeeperThan } from "./json-text.ts";
import type { MessageSerializer } from "./message-serializer.ts";
import { messageTypes } from "./message-types.ts";
import { RelayRules } from "./opaque.ts";
import {
  type JSONMessageSerializerOptions,
  type MessageRejection,
  type RejectionReason,
  type ResolvedOptions,
  resolveOptions,
} from "./options.ts";
import { pipecatMessageTypes } from "./pipecat-types.ts";
import { registeredFrame, registeredMessage, type TypeRegistration } from "./registered-type.ts";
import { TypeTable, type WireScope } from "./type-table.ts";

/**
 * Speaks JSON as the Python peers do: `{"__type__": name, "__data__": fields}`, one message a byte array.
 *
 * 1. Only registered types are built. Nothing is looked up, imported or remembered by a name from outside.
 * 2. User data is opaque: what is sent arrives as the same plain JSON, or is refused before it is sent.
 * 3. A message is taken whole or not at all; size, depth and every declared field are checked first.
 * 4. {@link deserialize} never throws, {@link serialize} only TrunklineErrors.
 *
 * Unlike Python it does not escape characters beyond ASCII: the same JSON in fewer bytes. A property of user data that
 * is undefined counts as absent, -0 becomes 0, and whole numbers beyond 2^53 lose digits when they are received.
 */
export class JSONMessageSerializer implements MessageSerializer {
  readonly #options: ResolvedOptions;
  readonly #scope: WireScope;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #rejected: Record<RejectionReason, number> = { size: 0, depth: 0, parse: 0, type: 0, shape: 0 };
  #messageCount = 0;
  #lastRejection: MessageRejection | undefined;

  /** @throws TrunklineError `TL_INVALID_OPTION` */
  constructor(options: JSONMessageSerializerOptions = {}) {
    this.#options = resolveOptions(options);
    const { dialect, allowTaggedUserData, maxDepth, relayTypes } = this.#options;
    const vocabulary = vocabularyOf(dialect);
    this.#scope = {
      vocabulary,
      messages: new TypeTable(
        [...messageTypes(vocabulary), ...(dialect === "pipecat" ? pipecatMessageTypes() : [])],
        // What we know is read: a relay must not carry a message past those who are to look at it.
        (known, type, data, { relay }) => (!known && relay?.includes(type) ? relay.message(type, data) : undefined),
      ),
      frames: new TypeTable(frameTypes(), (_, type, data, { relay }) =>
        relay?.includes(type) ? relay.frame(type, data) : undefined,
      ),
      relay: relayTypes.length === 0 ? undefined : new RelayRules(relayTypes),
      userData: { allowTags: allowTaggedUserData, maxDepth },
      nextMessageId: () => this.#messageCount++,
    };
  }

  /**
   * Makes a message or frame class of your own known. An instance is sent with its own public properties, and built
   * from bytes with one object: `source`, `target` and the fields for a message, the fields for a frame.
   * @throws TrunklineError `TL_INVALID_OPTION` when the class or the name is taken, or the class is local-only
   */
  register(Class: BusMessageClass | FrameClass, registration: TypeRegistration): void {
    const { messages, frames } = this.#scope;
    const name = registration.type;
    if (messages.hasClass(Class) || frames.hasClass(Class)) {
      throw new TrunklineError("TL_INVALID_OPTION", `${Class.name} is registered already; register a class once.`);
    }
    if (name === "" || name === "bytes" || messages.hasName(name) || frames.hasName(name)) {
      throw new TrunklineError("TL_INVALID_OPTION", `The type "${name}" is taken; give ${Class.name} another one.`);
    }
    if (Class.prototype instanceof BusMessage) {
      const message = Class as BusMessageClass;
      if ((message as unknown as typeof BusMessage).local) {
        throw new TrunklineError("TL_INVALID_OPTION", `${Class.name} is local-only: it never leaves this process.`);
      }
      messages.add(registeredMessage(message, registration));
    } else if (Class.prototype instanceof Frame) {
      frames.add(registeredFrame(Class as FrameClass, registration));
    } else {
      throw new TrunklineError("TL_INVALID_OPTION", `${Class.name} extends neither a message nor a frame.`);
    }
  }

  /** How many byte arrays were not messages, by reason. */
  get rejected(): Readonly<Record<RejectionReason, number>> {
    return { ...this.#rejected };
  }

  /** Why {@link deserialize} last returned undefined. */
  get lastRejection(): MessageRejection | undefined {
    return this.#lastRejection;
  }

  /**
   * @throws TrunklineError `TL_TYPE_UNREGISTERED`, `TL_VALUE_UNSENDABLE` with the path of the value,
   * `TL_MESSAGE_TOO_LARGE`, or `TL_INVALID_OPTION` when a registered schema is asynchronous
   */
  serialize(message: BusMessage): Uint8Array {
    const { maxBytes, maxDepth } = this.#options;
    const text = this.#write(message);
    if (nestsDeeperThan(text, maxDepth)) {
      throw unsendable(message, new Flaw("shape", `is nested deeper than ${maxDepth} levels with its envelope`));
    }
    // Every character takes a byte at least, so what is far too long is not encoded first.
    const bytes = text.length > maxBytes ? undefined : this.#encoder.encode(text);
    if (bytes !== undefined && bytes.length <= maxBytes) return bytes;
    throw new TrunklineError(
      "TL_MESSAGE_TOO_LARGE",
      `${message.constructor.name} takes ${bytes?.length ?? `${text.length} or more`} bytes, and ${maxBytes} are allowed. Split it, or raise maxBytes on both sides.`,
    );
  }

  deserialize(bytes: Uint8Array | string): BusMessage | undefined {
    const parsed = this.#parse(bytes);
    if (parsed === undefined) return undefined;
    try {
      return this.#scope.messages.read(parsed.value, this.#scope);
    } catch (error) {
      this.#rejectFlaw(error, parsed.value);
      return undefined;
    }
  }

  #write(message: BusMessage): string {
    try {
      return JSON.stringify(this.#scope.messages.write(message, this.#scope));
    } catch (error) {
      throw unsendable(message, error);
    }
  }

  /** The JSON value of the bytes, safe to walk and to copy; undefined when they were rejected. */
  #parse(bytes: Uint8Array | string): { readonly value: unknown } | undefined {
    const { maxBytes, maxDepth } = this.#options;
    try {
      if (this.#isTooLong(bytes)) return this.#reject({ reason: "size", message: `longer than ${maxBytes} bytes` });
      const text = typeof bytes === "string" ? bytes : this.#decoder.decode(bytes);
      if (nestsDeeperThan(text, maxDepth)) {
        return this.#reject({ reason: "depth", message: `nested deeper than ${maxDepth} levels` });
      }
      const value: unknown = JSON.parse(text);
      if (!hasPrototypeKey(value, text)) return { value };
      return this.#reject({ reason: "shape", message: "an object has a key __proto__" });
    } catch (error) {
      return this.#reject({ reason: "parse", message: messageOf(error) });
    }
  }

  #isTooLong(bytes: Uint8Array | string): boolean {
    const { maxBytes } = this.#options;
    if (typeof bytes !== "string") return bytes.length > maxBytes;
    if (bytes.length > maxBytes) return true;
    // A character takes at most three bytes; only text near the limit has to be measured.
    return bytes.length * 3 > maxBytes && this.#encoder.encode(bytes).length > maxBytes;
  }

  #rejectFlaw(error: unknown, value: unknown): void {
    if (!(error instanceof Flaw)) {
      // A class of the user's own did not like what its schema let through.
      this.#reject({ reason: "shape", message: messageOf(error) });
      return;
    }
    this.#reject({
      reason: error.kind === "type" ? "type" : "shape",
      type: error.typeName ?? claimedType(value),
      path: error.path === "" ? undefined : error.path,
      message: `${error.path === "" ? "the message" : error.path} ${error.message}`,
    });
  }

  #reject(rejection: MessageRejection): undefined {
    this.#rejected[rejection.reason] += 1;
    this.#lastRejection = rejection;
    try {
      this.#options.onRejected(rejection);
    } catch (error) {
      console.error("trunkline: an onRejected function failed", error);
    }
    return undefined;
  }
}

function unsendable(message: BusMessage, error: unknown): TrunklineError {
  const name = message.constructor.name;
  if (isLocal(message)) {
    return new TrunklineError("TL_TYPE_UNREGISTERED", `${name} is local-only: it never leaves this process.`);
  }
  if (!(error instanceof Flaw)) {
    return new TrunklineError("TL_VALUE_UNSENDABLE", `${name} cannot be sent: ${messageOf(error)}`, { cause: error });
  }
  const where = error.path === "" ? "it" : error.path;
  return new TrunklineError(codes[error.kind], `${name} cannot be sent: ${where} ${error.message}.`);
}

const codes = { type: "TL_TYPE_UNREGISTERED", shape: "TL_VALUE_UNSENDABLE", schema: "TL_INVALID_OPTION" } as const;

function claimedType(value: unknown): string | undefined {
  return isRecord(value) && typeof value.__type__ === "string" ? shorten(value.__type__) : undefined;
}
