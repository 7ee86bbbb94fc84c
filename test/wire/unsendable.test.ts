import { describe, expect, it } from "vitest";
import {
  BusAddAgentMessage,
  BusAgentReadyMessage,
  BusDataMessage,
  BusEndMessage,
  BusFrameMessage,
  BusLocalMessage,
  type BusMessage,
  BusTaskRequestMessage,
} from "../../src/bus/index.ts";
import { TrunklineError } from "../../src/errors.ts";
import {
  EndFrame,
  type Frame,
  InputAudioRawFrame,
  LLMContext,
  LLMContextFrame,
  TextFrame,
} from "../../src/frames/index.ts";
import { BusTTSSpeakMessage, JSONMessageSerializer } from "../../src/wire/index.ts";
import { textOf } from "./captures.ts";

const serializer = new JSONMessageSerializer();
const request = (payload: unknown) => new BusTaskRequestMessage({ source: "a", target: "b", taskId: "t", payload });
const carrying = (frame: Frame) => new BusFrameMessage({ source: "a", frame, direction: "downstream" });

function failure(message: BusMessage, one = serializer): TrunklineError {
  try {
    one.serialize(message);
  } catch (error) {
    if (error instanceof TrunklineError) return error;
    throw error;
  }
  throw new Error("was sent");
}

class Price {
  readonly amount = 1;
}

const cycle: Record<string, unknown> = {};
cycle.again = [cycle];

describe("what cannot be sent is an error with its path", () => {
  it.each<[string, unknown, string]>([
    ["K57: not a number", { a: [1, Number.NaN] }, "payload.a[1] is NaN"],
    ["K57: infinity", [Number.NEGATIVE_INFINITY], "payload[0] is -Infinity"],
    ["a bigint", { n: 1n }, "payload.n is a bigint"],
    ["a function", { f: () => 1 }, "payload.f is a function"],
    ["a symbol", Symbol("s"), "payload is a symbol"],
    ["undefined in a list", [undefined], "payload[0] is undefined"],
    ["a hole in a list", new Array(1), "payload[0] is undefined"],
    ["K56: a date", { at: new Date() }, "payload.at is a Date"],
    ["K56: a set", new Set([1]), "payload is a Set"],
    ["K56: a map", new Map(), "payload is a Map"],
    ["an instance", { price: new Price() }, "payload.price is a Price"],
    ["an error", new Error("x"), "payload is a Error"],
    ["bytes", { image: new Uint8Array(2) }, "payload.image is binary"],
    ["K2: a tag", { deep: [{ __type__: "a.B", __data__: {} }] }, "payload.deep[0] has both __type__ and __data__"],
    ["a prototype key", JSON.parse('{"a":{"__proto__":{}}}'), "payload.a has a key __proto__"],
    ["something without end", cycle, "or contains itself"],
  ])("K19: %s", (_, payload, words) => {
    const error = failure(request(payload));
    expect(error.code).toBe("TL_VALUE_UNSENDABLE");
    expect(error.message).toContain(words);
  });

  it("one half of a tag, undefined properties and objects without a prototype can be sent", () => {
    const bare = Object.assign(Object.create(null), { a: 1 });
    const payload = { half: { __type__: "a.B" }, other: { __data__: 1 }, gone: undefined, bare, list: [bare, bare] };
    expect(serializer.deserialize(serializer.serialize(request(payload)))).toMatchObject({
      payload: { half: { __type__: "a.B" }, other: { __data__: 1 }, bare: { a: 1 }, list: [{ a: 1 }, { a: 1 }] },
    });
  });

  it("an undefined payload is left out", () => {
    expect(JSON.parse(textOf(serializer.serialize(request(undefined)))).__data__).not.toHaveProperty("payload");
  });

  it("K56, K57: declared fields are checked as well", () => {
    const late = new BusAgentReadyMessage({
      source: "a",
      runner: "r",
      active: true,
      bridged: false,
      startedAt: Number.NaN,
    });
    expect(failure(late).message).toContain("startedAt must be a finite number");
    const misspelt = new BusEndMessage({ source: 5 as unknown as string });
    expect(failure(misspelt).message).toContain("source must be a string");
    const silent = new InputAudioRawFrame({ audio: new Uint8Array(4), sampleRate: 16_000, numChannels: 0 });
    expect(failure(carrying(silent)).message).toContain("frame.numChannels must be a whole number above 0");
    const noted = new TextFrame({ text: "x", metadata: { at: [new Date()] } });
    expect(failure(carrying(noted)).message).toContain("frame.metadata.at[0] is a Date");
    const context = new LLMContext({ messages: [{ role: "user", content: (() => "") as unknown as string }] });
    expect(failure(carrying(new LLMContextFrame({ context }))).message).toContain(
      "frame.context.messages[0].content is a function",
    );
  });

  it("a getter that throws fails only this message", () => {
    const payload = {
      get broken() {
        throw new Error("sorry");
      },
    };
    const error = failure(request(payload));
    expect(error.code).toBe("TL_VALUE_UNSENDABLE");
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("K22: a message that is too long is refused, the next one is not", () => {
    const small = new JSONMessageSerializer({ maxBytes: 1_000 });
    for (const payload of ["x".repeat(1_000), "é".repeat(450)]) {
      expect(failure(request(payload), small).code).toBe("TL_MESSAGE_TOO_LARGE");
    }
    expect(small.deserialize(small.serialize(request("x")))).toMatchObject({ payload: "x" });
    expect(failure(request("x".repeat(1_048_576))).code).toBe("TL_MESSAGE_TOO_LARGE");
  });

  it("nests as deep on the way out as on the way in", () => {
    const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));
    expect(serializer.deserialize(serializer.serialize(request(nested(62))))).toBeDefined();
    for (const depth of [63, 64, 65, 5_000]) expect(failure(request(nested(depth))).code).toBe("TL_VALUE_UNSENDABLE");
  });

  it("classes that nobody registered, and what extends a registered one, are refused", () => {
    class Own extends BusDataMessage {}
    class OwnText extends TextFrame {}
    expect(failure(new Own({ source: "a" }))).toMatchObject({ code: "TL_TYPE_UNREGISTERED" });
    expect(failure(new Own({ source: "a" })).message).toContain("Own");
    const error = failure(carrying(new OwnText({ text: "x" })));
    expect(error.code).toBe("TL_TYPE_UNREGISTERED");
    expect(error.message).toContain("frame is a OwnText");
    expect(failure(carrying(new EndFrame())).code).toBe("TL_TYPE_UNREGISTERED");
    expect(failure(new BusTTSSpeakMessage({ source: "a", text: "x" })).code).toBe("TL_TYPE_UNREGISTERED");
  });

  it("K7: local-only messages never leave", () => {
    class Mine extends BusLocalMessage {}
    for (const message of [new BusAddAgentMessage({ source: "a", agent: { name: "b" } }), new Mine({ source: "a" })]) {
      const error = failure(message);
      expect(error.code).toBe("TL_TYPE_UNREGISTERED");
      expect(error.message).toContain("never leaves this process");
    }
  });

  it.each([{ maxBytes: 0 }, { maxBytes: 1.5 }, { maxDepth: 0 }, { maxDepth: 513 }, { dialect: "latin" as "pipecat" }])(
    "refuses %o",
    (options) => {
      expect(() => new JSONMessageSerializer(options)).toThrowError(
        expect.objectContaining({ code: "TL_INVALID_OPTION" }),
      );
    },
  );
});
