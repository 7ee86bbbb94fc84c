import type { Frame, FrameClass, FrameInit } from "../frames/index.ts";
import { Flaw } from "./flaw.ts";
import { integer, jsonObject, type Kind, number, optional, text } from "./kinds.ts";
import { empty, fields, type Shape } from "./shape.ts";
import type { WireScope, WireType } from "./type-table.ts";

type Properties = Readonly<Record<string, unknown>>;

/** What every frame carries beside its id and its name. */
const notes = fields<Omit<FrameInit, "interruptible"> & Pick<Frame, "broadcastSiblingId">>({
  pts: ["pts", optional(number)],
  broadcastSiblingId: ["broadcast_sibling_id", optional(integer)],
  metadata: ["metadata", optional(jsonObject)],
  transportSource: ["transport_source", optional(text)],
  transportDestination: ["transport_destination", optional(text)],
});

const sender = fields<Pick<Frame, "remoteId">>({ remoteId: ["id", optional(integer)] });

/** A frame class that the Python peers know. `before` are the fields they write ahead of what every frame carries. */
export function frameType(name: string, Class: FrameClass, own: Shape = empty, before: Shape = empty): WireType<Frame> {
  const construct = Class as unknown as new (init: Properties) => Frame;
  return {
    name: `pipecat.frames.frames.${name}`,
    Class,
    write: (frame, scope) => {
      const properties = frame as unknown as Properties;
      const data: Record<string, unknown> = {};
      before.write(properties, data, scope);
      writeNotes(frame, name, data, scope);
      own.write(properties, data, scope);
      return data;
    },
    read: (data, scope) => {
      const init: Record<string, unknown> = {};
      before.read(data, init, scope);
      own.read(data, init, scope);
      return readNotes(new construct(init), data, scope);
    },
  };
}

export function writeNotes(frame: Frame, name: string, data: Record<string, unknown>, scope: WireScope): void {
  data.id = frame.id;
  data.name = `${name}#${frame.id}`;
  notes.write(frame as unknown as Properties, data, scope);
  if (!frame.interruptible && (frame.constructor as typeof Frame).interruptible) data.interruptible = false;
}

/** Gives a new frame what its sender had noted. Its id stays its own: the sender's would collide with those made here. */
export function readNotes(frame: Frame, data: Properties, scope: WireScope): Frame {
  const noted: Record<string, unknown> = {};
  notes.read(data, noted, scope);
  sender.read(data, noted, scope);
  // What their class lets an interruption drop may be worth keeping here; never the other way round.
  if (data.interruptible === false) noted.interruptible = false;
  return Object.assign(frame, noted);
}

/** A frame of one class as the field of another frame. */
export function frameOf<F extends Frame>(Class: FrameClass<F>): Kind<F> {
  const check = (frame: unknown): F => {
    if (frame instanceof Class) return frame;
    throw new Flaw("shape", `must be a ${Class.name}`);
  };
  return {
    write: (value, scope) => scope.frames.write(check(value), scope),
    read: (value, scope) => check(scope.frames.read(value, scope)),
  };
}
