import type { StandardSchemaV1 } from "@standard-schema/spec";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  BusDataMessage,
  BusFrameMessage,
  BusLocalMessage,
  type BusMessageInit,
  BusSystemMessage,
  BusTaskRequestMessage,
} from "../../src/bus/index.ts";
import { DataFrame, type FrameInit, TextFrame } from "../../src/frames/index.ts";
import { JSONMessageSerializer, type MessageRejection } from "../../src/wire/index.ts";
import { dialects, textOf } from "./captures.ts";

interface PriceTickInit extends BusMessageInit {
  readonly name: string;
  readonly price: number;
  readonly note?: string | undefined;
}

class PriceTick extends BusSystemMessage {
  readonly name: string;
  readonly price: number;
  readonly note: string | undefined;

  constructor(init: PriceTickInit) {
    super(init);
    this.name = init.name;
    this.price = init.price;
    this.note = init.note;
  }
}

class MoodFrame extends DataFrame {
  readonly mood: string;

  constructor(init: FrameInit & { readonly mood: string }) {
    super();
    this.mood = init.mood;
  }
}

const schemas: readonly [string, StandardSchemaV1, StandardSchemaV1][] = [
  [
    "zod",
    z.strictObject({ name: z.string(), price: z.number().positive(), note: z.string().optional() }),
    z.object({ mood: z.enum(["good", "bad"]) }),
  ],
  [
    "valibot",
    v.strictObject({ name: v.string(), price: v.pipe(v.number(), v.minValue(0.001)), note: v.optional(v.string()) }),
    v.object({ mood: v.picklist(["good", "bad"]) }),
  ],
];
const tick = new PriceTick({ source: "a", target: "b", name: "ACME", price: 12.5 });
const code = (expected: string) => expect.objectContaining({ code: expected });

describe.each(schemas)("types of the user's own, with %s", (_, priceTick, mood) => {
  it.each(dialects)("%s: messages arrive as they were sent", (dialect) => {
    const serializer = new JSONMessageSerializer({ dialect });
    serializer.register(PriceTick, { type: "acme.PriceTick", fields: priceTick });
    const bytes = serializer.serialize(tick);
    expect(JSON.parse(textOf(bytes))).toEqual({
      __type__: "acme.PriceTick",
      __data__: { source: "a", target: "b", name: "ACME", price: 12.5 },
    });
    const arrived = serializer.deserialize(bytes);
    expect(arrived).toBeInstanceOf(PriceTick);
    expect(arrived).toEqual(tick);
  });

  it("frames arrive with what every frame carries", () => {
    const serializer = new JSONMessageSerializer();
    serializer.register(MoodFrame, { type: "acme.MoodFrame", fields: mood });
    const frame = new MoodFrame({ mood: "good" });
    frame.pts = 7;
    frame.metadata = { why: ["sun"] };
    frame.broadcastSiblingId = 3;
    const bytes = serializer.serialize(new BusFrameMessage({ source: "a", frame, direction: "upstream" }));
    const arrived = (serializer.deserialize(bytes) as BusFrameMessage).frame;
    expect(arrived).toBeInstanceOf(MoodFrame);
    expect(arrived).toMatchObject({
      mood: "good",
      pts: 7,
      metadata: { why: ["sun"] },
      broadcastSiblingId: 3,
      remoteId: frame.id,
    });
    expect(arrived.id).not.toBe(frame.id);
  });

  it("fields that do not fit are refused in both directions, with their path", () => {
    const rejections: MessageRejection[] = [];
    const serializer = new JSONMessageSerializer({ onRejected: (rejection) => rejections.push(rejection) });
    serializer.register(PriceTick, { type: "acme.PriceTick", fields: priceTick });
    const cheap = new PriceTick({ source: "a", name: "ACME", price: -1 });
    expect(() => serializer.serialize(cheap)).toThrowError(code("TL_VALUE_UNSENDABLE"));
    expect(() => serializer.serialize(cheap)).toThrowError(/price does not fit/);
    for (const data of [{ name: "ACME", price: "1" }, { name: "ACME" }, { name: "ACME", price: 1, extra: 1 }]) {
      const text = JSON.stringify({ __type__: "acme.PriceTick", __data__: { source: "a", ...data } });
      expect(serializer.deserialize(text)).toBeUndefined();
    }
    expect(rejections.map(({ reason }) => reason)).toEqual(["shape", "shape", "shape"]);
    expect(rejections[0]).toMatchObject({ path: "price", type: "acme.PriceTick" });
  });
});

describe("registering", () => {
  const registered = (fields: StandardSchemaV1) => {
    const serializer = new JSONMessageSerializer();
    serializer.register(PriceTick, { type: "acme.PriceTick", fields });
    return serializer;
  };

  it("K1: only this serializer knows the type afterwards", () => {
    const bytes = registered(z.looseObject({})).serialize(tick);
    const stranger = new JSONMessageSerializer();
    expect(stranger.deserialize(bytes)).toBeUndefined();
    expect(stranger.rejected.type).toBe(1);
    expect(() => stranger.serialize(tick)).toThrowError(code("TL_TYPE_UNREGISTERED"));
  });

  it("a schema that lets every key through lets in no other sender", () => {
    const schema = z
      .object({ name: z.string(), price: z.number() })
      .transform((value) => ({ ...value, source: "local", target: "local" }));
    const text = JSON.stringify({ __type__: "acme.PriceTick", __data__: { source: "a", name: "x", price: 1 } });
    expect(registered(schema).deserialize(text)).toMatchObject({ source: "a" });
  });

  it.each([
    ["zod", z.looseObject({}).refine(async () => true)],
    [
      "valibot",
      v.objectAsync({
        name: v.pipeAsync(
          v.string(),
          v.checkAsync(async () => false),
        ),
      }),
    ],
  ])("an asynchronous schema of %s is refused clearly", (_, schema) => {
    const rejections: MessageRejection[] = [];
    const serializer = new JSONMessageSerializer({ onRejected: (rejection) => rejections.push(rejection) });
    serializer.register(PriceTick, { type: "acme.PriceTick", fields: schema });
    expect(() => serializer.serialize(tick)).toThrowError(code("TL_INVALID_OPTION"));
    const text = JSON.stringify({ __type__: "acme.PriceTick", __data__: { source: "a", name: "x", price: 1 } });
    expect(serializer.deserialize(text)).toBeUndefined();
    expect(rejections[0]?.message).toContain("asynchronous");
  });

  it("a constructor or a schema that throws rejects the message", () => {
    class Picky extends BusDataMessage {
      constructor(init: BusMessageInit) {
        super(init);
        if (init.source === "bad") throw new Error("picky");
      }
    }
    const serializer = new JSONMessageSerializer();
    serializer.register(Picky, { type: "acme.Picky", fields: z.object({}) });
    const text = (source: string) => JSON.stringify({ __type__: "acme.Picky", __data__: { source } });
    expect(serializer.deserialize(text("good"))).toBeInstanceOf(Picky);
    expect(serializer.deserialize(text("bad"))).toBeUndefined();
    expect(serializer.rejected.shape).toBe(1);
  });

  it("a name or a class is taken once, and local-only or foreign classes are refused", () => {
    class Mine extends BusLocalMessage {}
    class Stranger {}
    const serializer = registered(z.object({}));
    const refused = (Class: unknown, type: string) =>
      expect(() => serializer.register(Class as typeof BusDataMessage, { type, fields: z.object({}) })).toThrowError(
        code("TL_INVALID_OPTION"),
      );
    refused(PriceTick, "acme.Other");
    refused(BusTaskRequestMessage, "acme.Other");
    refused(TextFrame, "acme.Other");
    refused(MoodFrame, "acme.PriceTick");
    refused(MoodFrame, "pipecat_subagents.bus.messages.BusEndMessage");
    refused(MoodFrame, "bytes");
    refused(MoodFrame, "");
    refused(Mine, "acme.Mine");
    refused(Stranger, "acme.Stranger");
  });
});
