import fc from "fast-check";
import {
  BusDataMessage,
  BusEndMessage,
  BusFrameMessage,
  type FrameDirection,
  JSONMessageSerializer,
  OpaqueFrame,
  OpaqueMessage,
  TextFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";

const directionType = "pipecat.processors.frame_processor.FrameDirection";
const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const message = (type: string, data: unknown): string => JSON.stringify({ __type__: type, __data__: data });

function frameMessage(type: string, data: unknown): string {
  return message("pipecat_subagents.bus.messages.BusFrameMessage", {
    source: "voice",
    frame: { __type__: type, __data__: data },
    direction: { __type__: directionType, __data__: "UPSTREAM" },
  });
}

const frameOf = (text: string, serializer: JSONMessageSerializer) =>
  (serializer.deserialize(text) as BusFrameMessage | undefined)?.frame;

describe("types that are relayed", () => {
  it("are read by nobody, and go out as they came", () => {
    const serializer = new JSONMessageSerializer({ relayTypes: ["acme.frames.*"] });
    const data = {
      id: 7,
      name: "Gesture#7",
      metadata: {},
      kind: "wave",
      nothing: null,
      image: { __type__: "bytes", __data__: "AA==" },
    };
    const received = serializer.deserialize(frameMessage("acme.frames.Gesture", data)) as BusFrameMessage;
    expect(received.frame).toBeInstanceOf(OpaqueFrame);
    expect(received.frame).toMatchObject({ type: "acme.frames.Gesture", data });
    expect(received.frame.interruptible).toBe(false);
    expect(received.direction).toBe<FrameDirection>("upstream");
    const sent = decode(serializer.serialize(received)) as { __data__: { frame: unknown } };
    expect(sent.__data__.frame).toEqual({ __type__: "acme.frames.Gesture", __data__: data });
  });

  it("are whole names, or beginnings", () => {
    const serializer = new JSONMessageSerializer({ relayTypes: ["acme.frames.Gesture", "other.*"] });
    for (const [type, relayed] of [
      ["acme.frames.Gesture", true],
      ["acme.frames.GestureAndMore", false],
      ["other.any.Thing", true],
      ["another.Thing", false],
    ] as const) {
      expect(frameOf(frameMessage(type, {}), serializer) instanceof OpaqueFrame, type).toBe(relayed);
    }
    expect(serializer.lastRejection).toMatchObject({ reason: "type", type: "another.Thing", path: "frame" });
  });

  it("may be frames that are known here: then nothing of them is lost", () => {
    const serializer = new JSONMessageSerializer({ relayTypes: ["pipecat.frames.frames.*"] });
    const data = { id: 1, name: "TextFrame#1", metadata: {}, text: "hi", news_of_a_later_version: [1, 2] };
    const frame = frameOf(frameMessage("pipecat.frames.frames.TextFrame", data), serializer);
    expect(frame).toBeInstanceOf(OpaqueFrame);
    expect((frame as OpaqueFrame).data).toEqual(data);
    const ours = new BusFrameMessage({ source: "a", frame: new TextFrame({ text: "x" }), direction: "downstream" });
    expect(JSON.stringify(decode(serializer.serialize(ours)))).toContain("pipecat.frames.frames.TextFrame");
  });

  it("are never those that begin or end a pipeline", () => {
    const serializer = new JSONMessageSerializer({ relayTypes: ["pipecat.frames.frames.*"] });
    for (const name of ["StartFrame", "EndFrame", "StopFrame", "CancelFrame", "EndWorkerFrame", "CancelTaskFrame"]) {
      expect(frameOf(frameMessage(`pipecat.frames.frames.${name}`, {}), serializer), name).toBeUndefined();
    }
  });

  it("are never messages that are known here: the gate is to see them", () => {
    const serializer = new JSONMessageSerializer({ relayTypes: ["pipecat_subagents.bus.messages.*"] });
    const end = serializer.deserialize(message("pipecat_subagents.bus.messages.BusEndMessage", { source: "voice" }));
    expect(end).toBeInstanceOf(BusEndMessage);
    const news = serializer.deserialize(
      message("pipecat_subagents.bus.messages.BusNewsMessage", { source: "voice", target: "worker", text: "x" }),
    );
    expect(news).toBeInstanceOf(OpaqueMessage);
    expect(news).toBeInstanceOf(BusDataMessage);
    expect(news).toMatchObject({ source: "voice", target: "worker" });
    expect(decode(serializer.serialize(news as OpaqueMessage))).toEqual({
      __type__: "pipecat_subagents.bus.messages.BusNewsMessage",
      __data__: { source: "voice", target: "worker", text: "x" },
    });
  });

  it("are never messages that rule over agents, carry frames or stay local, by whatever module or dialect they are named", () => {
    for (const dialect of ["subagents", "pipecat"] as const) {
      const serializer = new JSONMessageSerializer({ dialect, relayTypes: ["pipecat_subagents.*", "pipecat.*"] });
      for (const module of ["pipecat_subagents.bus", "pipecat.bus", "pipecat.pipeline.runner"]) {
        for (const name of [
          ...["End", "EndAgent", "EndWorker", "Cancel", "CancelAgent", "CancelWorker", "AddAgent", "AddWorker"],
          ...["AgentLocalError", "WorkerRegistry", "AgentReady", "Frame", "TaskRequest", "JobResponse", "System", ""],
        ]) {
          const type = `${module}.Bus${name}Message`;
          expect(serializer.deserialize(message(type, { source: "voice", target: "worker" })), type).toBeUndefined();
        }
      }
    }
  });

  it("bring nothing inside that begins or ends a pipeline, or rules over agents", () => {
    const serializer = new JSONMessageSerializer({ relayTypes: ["acme.*", "pipecat.*"] });
    for (const type of ["pipecat.frames.frames.EndFrame", "pipecat.frames.EndTaskFrame", "pipecat.bus.BusEndMessage"]) {
      const inner = { a: [{ __type__: type, __data__: {} }] };
      expect(frameOf(frameMessage("acme.Frame", inner), serializer), type).toBeUndefined();
      expect(serializer.lastRejection).toMatchObject({ reason: "type", type });
      expect(serializer.deserialize(message("acme.News", { source: "a", ...inner })), type).toBeUndefined();
    }
  });

  it("go out only where they would be let in, so that one link's rules hold for what came over another", () => {
    const lenient = new JSONMessageSerializer({ relayTypes: ["acme.*"] });
    const news = lenient.deserialize(message("acme.News", { source: "voice", target: "worker" })) as OpaqueMessage;
    const frame = lenient.deserialize(frameMessage("acme.Frame", { id: 1 })) as BusFrameMessage;
    for (const strict of [new JSONMessageSerializer(), new JSONMessageSerializer({ relayTypes: ["other.*"] })]) {
      for (const one of [news, frame]) {
        expect(() => strict.serialize(one)).toThrow(expect.objectContaining({ code: "TL_TYPE_UNREGISTERED" }));
      }
    }
    const type = "pipecat_subagents.bus.messages.BusEndMessage";
    const ending = new OpaqueMessage({ source: "a", type, data: { source: "a" } });
    const wide = new JSONMessageSerializer({ relayTypes: ["pipecat_subagents.*"] });
    expect(() => wide.serialize(ending)).toThrow(expect.objectContaining({ code: "TL_TYPE_UNREGISTERED" }));
  });

  it("go out as who they were taken for: what is inside does not name others", () => {
    const serializer = new JSONMessageSerializer({ relayTypes: ["acme.*"] });
    for (const data of [{ source: "boss" }, { source: "a", target: "boss" }, { source: 1 }]) {
      const forged = new OpaqueMessage({ source: "a", target: "b", type: "acme.News", data });
      expect(() => serializer.serialize(forged)).toThrow(expect.objectContaining({ code: "TL_VALUE_UNSENDABLE" }));
    }
  });

  it("K1: carry no tag of a type that is not relayed, however deep", () => {
    const serializer = new JSONMessageSerializer({ relayTypes: ["acme.*"] });
    const tag = { __type__: "os.system", __data__: "x" };
    for (const data of [{ a: tag }, { a: [[{ b: tag }]] }, { a: { __type__: "acme.Inner", __data__: { b: tag } } }]) {
      expect(frameOf(frameMessage("acme.Frame", data), serializer)).toBeUndefined();
      expect(serializer.lastRejection).toMatchObject({ reason: "type", type: "os.system" });
    }
    const inner = { a: { __type__: "acme.Inner", __data__: { b: 1 } } };
    expect(frameOf(frameMessage("acme.Frame", inner), serializer)).toBeInstanceOf(OpaqueFrame);
  });

  it("come from somebody, and are for somebody or all", () => {
    const serializer = new JSONMessageSerializer({ relayTypes: ["acme.*"] });
    for (const data of [{}, { source: 1 }, { source: "a", target: [] }]) {
      expect(serializer.deserialize(message("acme.News", data))).toBeUndefined();
    }
    expect(serializer.deserialize(message("acme.News", { source: "a", target: null }))?.target).toBeUndefined();
  });

  it("keep any JSON there is", () => {
    const serializer = new JSONMessageSerializer({ relayTypes: ["acme.*"] });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (data) => {
        const text = frameMessage("acme.Frame", data);
        const received = serializer.deserialize(text);
        fc.pre(received !== undefined);
        const sent = decode(serializer.serialize(received as BusFrameMessage)) as { __data__: { frame: unknown } };
        expect(sent.__data__.frame).toEqual((JSON.parse(text) as typeof sent).__data__.frame);
      }),
    );
  });
});

describe("a frame that its sender does not want dropped", () => {
  const frame = (interruptible: unknown) =>
    frameMessage("pipecat.frames.frames.TextFrame", {
      id: 1,
      name: "TextFrame#1",
      metadata: {},
      text: "x",
      interruptible,
    });

  it("is not dropped here either", () => {
    const serializer = new JSONMessageSerializer();
    expect(frameOf(frame(false), serializer)?.interruptible).toBe(false);
    expect(frameOf(frame(true), serializer)?.interruptible).toBe(true);
    expect(frameOf(frame("no"), serializer)?.interruptible).toBe(true);
  });

  it("says so to its receiver", () => {
    const serializer = new JSONMessageSerializer();
    const written = (interruptible: boolean | undefined) =>
      decode(
        serializer.serialize(
          new BusFrameMessage({
            source: "a",
            frame: new TextFrame({ text: "x", interruptible }),
            direction: "downstream",
          }),
        ),
      );
    expect(written(false)).toHaveProperty("__data__.frame.__data__.interruptible", false);
    expect(written(undefined)).not.toHaveProperty("__data__.frame.__data__.interruptible");
  });
});
