import { BusFrameMessage, type BusMessage, TextFrame } from "trunkline";
import type { Stamp } from "./numbered.ts";

/** A frame message from this agent that says which it is, in a text of that length. */
export function stampedText(source: string, { number, check }: Stamp, length: number, mark = ""): BusFrameMessage {
  const text = `${mark}|${number}|${check}|`.padEnd(length, "x");
  return new BusFrameMessage({ source, frame: new TextFrame({ text }), direction: "downstream" });
}

/** The mark and the stamp in a message of this agent's; undefined when it is another one. */
export function stampIn(message: BusMessage, source: string): { mark: string; stamp: Stamp } | undefined {
  if (!(message instanceof BusFrameMessage) || message.source !== source) return undefined;
  if (!(message.frame instanceof TextFrame)) return undefined;
  const [mark = "", number, check] = message.frame.text.split("|", 3);
  return { mark, stamp: { number: Number(number), check: Number(check) } };
}
