import { BusFrameMessage } from "../../src/bus/index.ts";
import type { Frame } from "../../src/frames/index.ts";
import { JSONMessageSerializer, type MessageRejection } from "../../src/wire/index.ts";

/** Reads a frame that a peer wrote by hand; the rejection where it is refused. */
export function received(type: string, data: object): Frame | MessageRejection {
  const rejections: MessageRejection[] = [];
  const serializer = new JSONMessageSerializer({ onRejected: (rejection) => rejections.push(rejection) });
  const message = serializer.deserialize(
    JSON.stringify({
      __type__: "pipecat_subagents.bus.messages.BusFrameMessage",
      __data__: {
        source: "a",
        frame: { __type__: `pipecat.frames.frames.${type}`, __data__: data },
        direction: { __type__: "pipecat.processors.frame_processor.FrameDirection", __data__: "UPSTREAM" },
      },
    }),
  );
  const rejection = rejections[0];
  if (rejection !== undefined) return rejection;
  return (message as BusFrameMessage).frame;
}

export const wrap = (frame: Frame) => new BusFrameMessage({ source: "a", frame, direction: "downstream" });
