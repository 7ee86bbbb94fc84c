import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { BusMessage, BusMessageClass } from "../bus/index.ts";
import type { Frame, FrameClass } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import { Flaw } from "./flaw.ts";
import { readNotes, writeNotes } from "./frame-type.ts";
import { address } from "./message-type.ts";
import { checkPlainJSON } from "./plain-json.ts";
import type { WireScope, WireType } from "./type-table.ts";

type Properties = Readonly<Record<string, unknown>>;

/** How a class of yours is known on the wire. */
export interface TypeRegistration {
  /** Its name for every peer, such as `acme.PriceTick`. */
  readonly type: string;
  /**
   * What its constructor takes beside `source` and `target`, or beside what every frame takes: an object schema,
   * synchronous, of plain JSON. Checked in both directions, so it has to accept its own output.
   */
  readonly fields: StandardSchemaV1;
}

const addressProperties = new Set(["source", "target"]);
const noteProperties = new Set([
  "id",
  "pts",
  "metadata",
  "transportSource",
  "transportDestination",
  "broadcastSiblingId",
  "interruptible",
  "remoteId",
]);
const noteFields = new Set([
  "id",
  "name",
  "pts",
  "broadcast_sibling_id",
  "metadata",
  "transport_source",
  "transport_destination",
  "interruptible",
]);

/**
 * A message of the user's own. It has no id, name and metadata on the wire even where the others have them: its own
 * fields may be called so.
 */
export function registeredMessage(Class: BusMessageClass, { type, fields }: TypeRegistration): WireType<BusMessage> {
  const construct = Class as unknown as new (init: Properties) => BusMessage;
  return {
    name: type,
    Class,
    write: (message, scope) => {
      const data: Record<string, unknown> = {};
      address.write(message as unknown as Properties, data, scope);
      return Object.assign(data, ownFields(message, addressProperties, fields, scope));
    },
    read: (data, scope) => {
      const init: Record<string, unknown> = {};
      address.read(data, init, scope);
      // The address comes last: a schema that lets other keys through must not let in another sender.
      return new construct({ ...validate(fields, without(data, addressProperties)), ...init });
    },
  };
}

/** A frame of the user's own. */
export function registeredFrame(Class: FrameClass, { type, fields }: TypeRegistration): WireType<Frame> {
  const construct = Class as unknown as new (init: Properties) => Frame;
  const shortName = type.slice(type.lastIndexOf(".") + 1);
  return {
    name: type,
    Class,
    write: (frame, scope) => {
      const data: Record<string, unknown> = {};
      writeNotes(frame, shortName, data, scope);
      return Object.assign(data, ownFields(frame, noteProperties, fields, scope));
    },
    read: (data, scope) => readNotes(new construct(validate(fields, without(data, noteFields))), data, scope),
  };
}

function ownFields(object: object, base: ReadonlySet<string>, schema: StandardSchemaV1, scope: WireScope): Properties {
  const own = without(object as Properties, base);
  checkPlainJSON(own, scope.userData);
  // A message that its receiver would drop is the sender's fault, and the sender is the one to be told.
  validate(schema, own);
  return own;
}

function without(object: Properties, names: ReadonlySet<string>): Properties {
  return Object.fromEntries(Object.entries(object).filter(([name, value]) => !names.has(name) && value !== undefined));
}

function validate(schema: StandardSchemaV1, value: Properties): Properties {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new Flaw("schema", "has an asynchronous schema; register one that answers at once");
  }
  const issue = result.issues?.[0];
  if (issue !== undefined) throw flawOf(issue);
  const { value: fields } = result as StandardSchemaV1.SuccessResult<unknown>;
  if (!isRecord(fields)) throw new Flaw("schema", "has a schema that does not give an object");
  return fields;
}

function flawOf(issue: StandardSchemaV1.Issue): Flaw {
  const flaw = new Flaw("shape", `does not fit its schema: ${issue.message}`);
  for (const part of [...(issue.path ?? [])].reverse()) {
    const key = typeof part === "object" ? part.key : part;
    flaw.under(typeof key === "number" ? key : String(key));
  }
  return flaw;
}
