import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as bus from "../../src/bus/index.ts";
import * as frames from "../../src/frames/index.ts";
import * as wire from "../../src/wire/index.ts";
import { JSONMessageSerializer } from "../../src/wire/index.ts";
import { frameSamples, messageSamples, pipecatSamples } from "./arbitraries.ts";
import { dialects } from "./captures.ts";

/** What two messages have to agree in: all but the ids that a frame gets wherever it is made. */
function view(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (value instanceof frames.LLMContext) {
    const { messages, tools, customTools, toolChoice } = value;
    return view({ messages, tools, customTools, toolChoice });
  }
  if (Array.isArray(value)) return value.map(view);
  if (typeof value !== "object" || value === null) return value;
  const hidden = value instanceof frames.Frame ? ["id", "remoteId"] : [];
  const entries = Object.entries(value).filter(([key, part]) => part !== undefined && !hidden.includes(key));
  const prototype: object = Object.getPrototypeOf(value) ?? Object.prototype;
  return [prototype.constructor.name, Object.fromEntries(entries.map(([key, part]) => [key, view(part)]))];
}

function classesIn(room: object, Base: abstract new (...init: never[]) => object): unknown[] {
  return Object.values(room).filter(
    (one) => typeof one === "function" && (one === Base || one.prototype instanceof Base),
  );
}

const neverSent: readonly unknown[] = [
  bus.BusMessage,
  bus.BusLocalMessage,
  bus.BusAddAgentMessage,
  bus.BusAgentLocalErrorMessage,
  frames.Frame,
  frames.SystemFrame,
  frames.DataFrame,
  frames.ControlFrame,
  frames.StartFrame,
  frames.EndFrame,
  frames.StopFrame,
  frames.CancelFrame,
  frames.ServiceUpdateSettingsFrame,
  // Only ever sent on as it came; relay.test.ts.
  wire.OpaqueMessage,
];

describe("there and back", () => {
  it("every class of messages and frames has a sample or never leaves the process", () => {
    const sampled = [...messageSamples, ...pipecatSamples, ...frameSamples].map((sample) => sample.Class);
    const known = new Set([...sampled, ...neverSent, bus.BusFrameMessage]);
    const classes = [
      ...classesIn(bus, bus.BusMessage),
      ...classesIn(wire, bus.BusMessage),
      ...classesIn(frames, frames.Frame),
    ];
    expect(classes.filter((Class) => !known.has(Class))).toEqual([]);
    expect(classes).toHaveLength(known.size);
  });

  for (const dialect of dialects) {
    const samples = [...messageSamples, ...frameSamples, ...(dialect === "pipecat" ? pipecatSamples : [])];
    it.each(samples)(`${dialect}: $name arrives as it was sent`, ({ arbitrary }) => {
      const serializer = new JSONMessageSerializer({ dialect });
      fc.assert(
        fc.property(arbitrary, (message: bus.BusMessage) => {
          const arrived = serializer.deserialize(serializer.serialize(message));
          expect(arrived?.constructor).toBe(message.constructor);
          expect(view(arrived)).toEqual(view(message));
          if (!(message instanceof bus.BusFrameMessage) || !(arrived instanceof bus.BusFrameMessage)) return;
          expect(arrived.frame.remoteId).toBe(message.frame.id);
          expect(arrived.frame.id).not.toBe(message.frame.id);
        }),
        { numRuns: 60 },
      );
    });
  }

  it("bytes and text are read alike, characters beyond ASCII included", () => {
    const serializer = new JSONMessageSerializer();
    const message = new bus.BusEndMessage({ source: "größe 🚀", reason: "\ud800 ü" });
    const bytes = serializer.serialize(message);
    expect(serializer.deserialize(bytes)).toEqual(message);
    expect(serializer.deserialize(new TextDecoder().decode(bytes))).toEqual(message);
    const escaped =
      '{"__type__":"pipecat_subagents.bus.messages.BusEndMessage","__data__":{"source":"gr\\u00f6\\u00dfe"}}';
    expect(serializer.deserialize(escaped)).toMatchObject({ source: "größe" });
  });

  it("what a peer writes as null is absent, except in user data", () => {
    const serializer = new JSONMessageSerializer();
    const data = { source: "a", target: null, task_id: "t", task_name: null, payload: null };
    const text = JSON.stringify({ __type__: "pipecat_subagents.bus.messages.BusTaskRequestMessage", __data__: data });
    expect(serializer.deserialize(text)).toEqual(
      new bus.BusTaskRequestMessage({ source: "a", taskId: "t", payload: null }),
    );
  });

  it("custom tools survive between two of us also where Python has no place for them", () => {
    const serializer = new JSONMessageSerializer({ dialect: "subagents" });
    const context = new frames.LLMContext({ customTools: { gemini: [{ google_search: {} }] } });
    const frame = new frames.LLMContextFrame({ context });
    const bytes = serializer.serialize(new bus.BusFrameMessage({ source: "a", frame, direction: "downstream" }));
    const arrived = serializer.deserialize(bytes) as bus.BusFrameMessage;
    expect((arrived.frame as frames.LLMContextFrame).context.customTools).toEqual(context.customTools);
    expect((arrived.frame as frames.LLMContextFrame).context.tools).toBeUndefined();
  });
});
