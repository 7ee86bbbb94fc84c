import { BusDataMessage, type BusMessageInit } from "../bus/index.ts";
import { ControlFrame, type Frame, type FrameInit } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import { Flaw, locate, shorten } from "./flaw.ts";

type Data = Readonly<Record<string, unknown>>;

/** What is kept of a frame or a message that is not read. */
export interface OpaqueInit {
  /** The name of the type on the wire. */
  readonly type: string;
  /** The fields as they are on the wire. */
  readonly data: Data;
}

/** A frame of a type that is relayed without being read; it goes out as it came in. No interruption drops it. */
export class OpaqueFrame extends ControlFrame {
  static override readonly interruptible = false;
  /** The name of the type on the wire. */
  readonly type: string;
  /** The fields as they came. They come from outside, and nobody has checked them. */
  readonly data: Data;

  constructor(init: FrameInit & OpaqueInit) {
    super(init);
    this.type = init.type;
    this.data = init.data;
  }
}

/** A message of a type that is relayed without being read; it goes out as it came in. */
export class OpaqueMessage extends BusDataMessage {
  /** The name of the type on the wire. */
  readonly type: string;
  /** The fields as they came. They come from outside, and nobody has checked them. */
  readonly data: Data;

  constructor(init: BusMessageInit & OpaqueInit) {
    super(init);
    this.type = init.type;
    this.data = init.data;
  }
}

// They begin and end the pipeline they get into, and no pipeline's life is a peer's affair.
const lifecycle = /\.(Start|End|Stop|Cancel)(Frame|WorkerFrame|TaskFrame)$/;

// The bus's own messages in either dialect: the gate is to see them, or they are never to leave their process. Only the
// name of the class counts, as Python finds a class under every module that has imported it.
const bus =
  /(^|\.)Bus((Data|System|Local|Frame|End|Cancel)?|(Activate|Deactivate|End|Cancel|Add)(Agent|Worker)|(Agent|Worker|Task|Job|RunnerHeartbeat)\w*)Message$/;

/**
 * Which types are relayed unread: whole names, or beginnings that end in `*`.
 *
 * What begins or ends a pipeline, and what the bus itself is run with, is never relayed, nor is anything that has it inside.
 */
export class RelayRules {
  readonly #names: ReadonlySet<string>;
  readonly #beginnings: readonly string[];

  constructor(types: readonly string[]) {
    this.#names = new Set(types.filter((type) => !type.endsWith("*")));
    this.#beginnings = types.filter((type) => type.endsWith("*")).map((type) => type.slice(0, -1));
  }

  includes(type: string): boolean {
    return this.#names.has(type) || this.#beginnings.some((beginning) => type.startsWith(beginning));
  }

  /** @throws Flaw */
  frame(type: string, data: Data): Frame {
    refuseRuling(type);
    this.#checkTags(data);
    return new OpaqueFrame({ type, data });
  }

  /** @throws Flaw */
  message(type: string, data: Data): OpaqueMessage {
    refuseRuling(type);
    const { source, target } = data;
    if (typeof source !== "string") throw new Flaw("shape", "must be a string").under("source");
    if (target !== undefined && target !== null && typeof target !== "string") {
      throw new Flaw("shape", "must be a string").under("target");
    }
    this.#checkTags(data);
    return new OpaqueMessage({ source, target: target ?? undefined, type, data });
  }

  /** A Python peer imports what a tag names, wherever in the data it is: what is not relayed must not get there inside. */
  #checkTags(value: unknown): void {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.#checkPart(item, index);
    } else if (isRecord(value)) {
      const { __type__: type } = value;
      if (typeof type === "string" && "__data__" in value && type !== "bytes") {
        if (!this.includes(type)) throw new Flaw("type", "has a type in it that is not relayed", shorten(type));
        refuseRuling(type);
      }
      for (const [key, part] of Object.entries(value)) this.#checkPart(part, key);
    }
  }

  #checkPart(part: unknown, segment: string | number): void {
    if (typeof part !== "object" || part === null) return;
    try {
      this.#checkTags(part);
    } catch (error) {
      throw locate(error, segment);
    }
  }
}

/** @throws Flaw */
function refuseRuling(type: string): void {
  if (lifecycle.test(type)) throw new Flaw("type", "begins or ends a pipeline, and is never relayed", shorten(type));
  if (bus.test(type)) throw new Flaw("type", "is a message of the bus itself, and is never relayed", shorten(type));
}
