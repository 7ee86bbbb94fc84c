import {
  type Frame,
  type FrameInit,
  InputDTMFFrame,
  type InputDTMFFrameInit,
  InputTransportMessageFrame,
  type KeypadEntry,
  OutputDTMFFrame,
  type OutputDTMFFrameInit,
  OutputDTMFUrgentFrame,
  OutputTransportMessageFrame,
  OutputTransportMessageUrgentFrame,
  type TransportMessageFrameInit,
} from "../frames/index.ts";
import { Flaw } from "./flaw.ts";
import { frameType } from "./frame-type.ts";
import { json, type Kind, listOf, oneOf } from "./kinds.ts";
import { fields, type Shape } from "./shape.ts";
import type { WireType } from "./type-table.ts";

const message = fields<TransportMessageFrameInit, FrameInit>({ message: ["message", json] });

const button = oneOf<KeypadEntry>("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#");
const anyButtons = listOf(button);

/** At least one: a peer cannot build the frame without. */
const buttons: Kind<readonly KeypadEntry[]> = {
  write: (value, scope) => atLeastOne(anyButtons.write(value, scope) as readonly KeypadEntry[]),
  read: (value, scope) => atLeastOne(anyButtons.read(value, scope)),
};

function atLeastOne(value: readonly KeypadEntry[]): readonly KeypadEntry[] {
  if (value.length > 0) return value;
  throw new Flaw("shape", "must be a list with at least one button");
}

const buttonFields = fields<OutputDTMFFrameInit, FrameInit>({ buttons: ["buttons", buttons] });

/** Older peers know only a single `button`, newer ones take it for a list of one. */
const dtmf: Shape = {
  write: (frame, data, scope) => {
    buttonFields.write(frame, data, scope);
    const list = data.buttons as readonly KeypadEntry[];
    if (list.length === 1) data.button = list[0];
  },
  read: (data, init, scope) => {
    const isSingle = (data.buttons ?? undefined) === undefined && (data.button ?? undefined) !== undefined;
    buttonFields.read(isSingle ? { buttons: [data.button] } : data, init, scope);
  },
};

/** What goes through a transport beside audio, images and text. */
export function transportFrameTypes(): readonly WireType<Frame>[] {
  return [
    frameType("InputTransportMessageFrame", InputTransportMessageFrame, message),
    frameType("OutputTransportMessageFrame", OutputTransportMessageFrame, message),
    frameType("OutputTransportMessageUrgentFrame", OutputTransportMessageUrgentFrame, message),
    frameType("InputDTMFFrame", InputDTMFFrame, fields<InputDTMFFrameInit, FrameInit>({ button: ["button", button] })),
    frameType("OutputDTMFFrame", OutputDTMFFrame, dtmf),
    frameType("OutputDTMFUrgentFrame", OutputDTMFUrgentFrame, dtmf),
  ];
}
