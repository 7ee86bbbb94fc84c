import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BusMessage, BusTaskRequestMessage } from "../../src/bus/index.ts";
import { JSONMessageSerializer, type MessageRejection, type RejectionReason } from "../../src/wire/index.ts";
import { json } from "./arbitraries.ts";
import { captures, dialects, isLocalOnly, relay, replacements, textOf } from "./captures.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const request = (data: object) =>
  JSON.stringify({
    __type__: "pipecat_subagents.bus.messages.BusTaskRequestMessage",
    __data__: { source: "a", task_id: "t", ...data },
  });

/** Deserializes and holds the promises made about whatever comes in. */
function read(
  bytes: Uint8Array | string,
  options = {},
): { message: BusMessage | undefined; rejection: MessageRejection | undefined } {
  const rejections: MessageRejection[] = [];
  const serializer = new JSONMessageSerializer({ ...options, onRejected: (rejection) => rejections.push(rejection) });
  const message = serializer.deserialize(bytes);
  if (message !== undefined) expect(message).toBeInstanceOf(BusMessage);
  expect(rejections).toHaveLength(message === undefined ? 1 : 0);
  const counted = Object.values(serializer.rejected).reduce((sum, count) => sum + count, 0);
  expect(counted).toBe(rejections.length);
  if (rejections[0] !== undefined) expect(serializer.rejected[rejections[0].reason]).toBe(1);
  return { message, rejection: rejections[0] };
}

function reasonFor(bytes: Uint8Array | string, options = {}): RejectionReason | undefined {
  return read(bytes, options).rejection?.reason;
}

describe("hostile bytes", () => {
  it("a type of the Python packages that we do not know is named in full, so that one can look it up", () => {
    for (const type of [
      "pipecat.frames.frames.UserTurnInferenceCompletedFrame",
      "pipecat.frames.frames.LLMContextAssistantTimestampFrame",
    ]) {
      const { rejection } = read(JSON.stringify({ __type__: type, __data__: {} }));
      expect(rejection?.message).toContain(JSON.stringify(type));
      expect(rejection?.type).toBe(type);
    }
  });

  it("K1, K8: a type that is not registered is dropped, counted and reported, and its name is cut", () => {
    for (const type of ["os.system", "constructor", "__proto__", "toString", "bytes", "x".repeat(10_000)]) {
      const { rejection } = read(JSON.stringify({ __type__: type, __data__: {} }));
      expect(rejection?.reason).toBe("type");
      expect(type.startsWith(rejection?.type?.replace("…", "") ?? "?")).toBe(true);
      expect(rejection?.message.length).toBeLessThan(200);
    }
    const frame = { __type__: "subprocess.Popen", __data__: { args: ["sh"] } };
    const text = captures.find(({ name }) => name === "Frame Text")?.text ?? "";
    const envelope = JSON.parse(text);
    envelope.__data__.frame = frame;
    expect(read(JSON.stringify(envelope)).rejection).toMatchObject({
      reason: "type",
      type: "subprocess.Popen",
      path: "frame",
    });
  });

  it.each([
    ["nothing", ""],
    ["a word", "hello"],
    ["NaN where a number may be", request({}).replace('"t"', '"t","payload":NaN')],
    ["Infinity", request({}).replace('"t"', '"t","payload":-Infinity')],
    ["half a message", request({}).slice(0, 40)],
    ["two messages", `${request({})}${request({})}`],
  ])("K18: %s is no JSON", (_, text) => {
    expect(reasonFor(text)).toBe("parse");
    expect(reasonFor(encode(text))).toBe("parse");
  });

  it("bytes that are not UTF-8 are refused, not repaired", () => {
    const bytes = encode(request({ payload: "x" }));
    bytes[bytes.length - 4] = 0xff;
    expect(reasonFor(bytes)).toBe("parse");
  });

  it.each([
    "null",
    "1",
    '"a"',
    "[]",
    "{}",
    '{"hello":"world"}',
    '{"__type__":1,"__data__":{}}',
    '{"__type__":"a","__data__":[]}',
  ])("K52: foreign JSON is dropped: %s", (text) => {
    expect(reasonFor(text)).toBe("shape");
  });

  it("K8: missing and misshapen fields are dropped with their path", () => {
    const path = (text: string) => read(text).rejection?.path;
    expect(path(request({ task_id: undefined }))).toBe("task_id");
    expect(path(request({ task_id: 5 }))).toBe("task_id");
    expect(path(request({ source: null }))).toBe("source");
    const registry = captures.find(({ name }) => name === "Registry")?.text ?? "";
    expect(path(registry.replace('"active":false', '"active":"no"'))).toBe("agents[1].active");
    const frame = captures.find(({ name }) => name === "Frame LLMContext")?.text ?? "";
    expect(path(frame.replace('"role":"system","content":"s"', '"__specific__":true'))).toBe(
      "frame.context.messages[0].llm",
    );
    expect(path(frame.replace('"name":"get_weather"', '"name":[]'))).toBe("frame.context.tools[0].name");
  });

  it.each(["[", '{"a":', '[{"a":'])("K8: 5,000 nested %s are refused before anything recurses", (open) => {
    const close = [...open]
      .reverse()
      .map((sign) => (sign === "[" ? "]" : sign === "{" ? "}" : ""))
      .join("");
    for (const depth of [65, 5_000, 100_000]) {
      const nested = `${open.repeat(depth)}1${close.repeat(depth)}`;
      expect(reasonFor(nested)).toBe("depth");
      expect(reasonFor(encode(request({ payload: "X" }).replace('"X"', nested)))).toBe("depth");
    }
  });

  it("counts the depth of values, not of brackets in strings", () => {
    for (const payload of ["[".repeat(200), '\\"['.repeat(200), `${"\\".repeat(99)}"${"{".repeat(99)}`]) {
      expect(read(request({ payload })).message).toMatchObject({ payload });
    }
    const payloadOf = (depth: number) =>
      request({ payload: 0 }).replace(/0(?=\}\}$)/, "[".repeat(depth) + "]".repeat(depth));
    expect(read(payloadOf(62)).message).toBeDefined();
    expect(reasonFor(payloadOf(63))).toBe("depth");
    expect(read(payloadOf(98), { maxDepth: 100 }).message).toBeDefined();
    expect(reasonFor(payloadOf(99), { maxDepth: 100 })).toBe("depth");
  });

  it("K22: what is too long is refused before it is read", () => {
    const text = request({ payload: "é".repeat(1_000) });
    const exact = encode(text).length;
    for (const bytes of [text, encode(text)]) {
      expect(read(bytes, { maxBytes: exact }).message).toBeDefined();
      expect(reasonFor(bytes, { maxBytes: exact - 1 })).toBe("size");
    }
    expect(reasonFor(new Uint8Array(1_048_577))).toBe("size");
    expect(reasonFor("[".repeat(1_048_577))).toBe("size");
  });

  it.each(["__proto__", "\\u005f_proto__", "_\\u005Fproto_\\u005F"])(
    "no message with a key %s gets in, wherever it is",
    (key) => {
      const evil = `{"${key}":{"polluted":true}}`;
      for (const { dialect, text } of captures.filter((capture) => !isLocalOnly(capture))) {
        for (const value of replacements(JSON.parse(text), (whole) => whole, ["EVIL"])) {
          const bytes = JSON.stringify(value).replace('"EVIL"', evil);
          expect(read(bytes, { dialect }).message === undefined || !bytes.includes(evil)).toBe(true);
        }
      }
      expect(reasonFor(request({ payload: [1] }).replace("1", evil))).toBe("shape");
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect("polluted" in {}).toBe(false);
    },
  );

  it("a text that only speaks of __proto__ gets in", () => {
    expect(read(request({ payload: { text: "__proto__", list: ["__proto__"] } })).message).toBeDefined();
  });

  it("fields are a message's own, not what every object inherits", () => {
    expect(read(`{"__type__":"pipecat_subagents.bus.messages.BusEndMessage","__data__":{}}`).rejection?.path).toBe(
      "source",
    );
  });

  it("K8, K56: one wrong value anywhere never throws, and what is let in can be sent again", () => {
    const wrong = [
      null,
      true,
      -1,
      0.5,
      1e300,
      "",
      "x",
      [],
      [null],
      {},
      { __type__: "bytes", __data__: "%" },
      { __type__: "os.system", __data__: "x" },
    ];
    let accepted = 0;
    let rejected = 0;
    for (const { dialect, text } of captures) {
      const serializer = relay(dialect);
      for (const value of replacements(JSON.parse(text), (whole) => whole, wrong)) {
        const { message } = read(JSON.stringify(value), { dialect });
        if (message === undefined) rejected += 1;
        else {
          accepted += 1;
          const again = serializer.deserialize(serializer.serialize(message));
          expect(again?.constructor).toBe(message.constructor);
        }
      }
    }
    expect(accepted).toBeGreaterThan(1_000);
    expect(rejected).toBeGreaterThan(5_000);
  });

  it("random JSON anywhere in a message never throws", () => {
    const place = fc.constantFrom(...captures).chain((capture) =>
      json.chain((value) => {
        const all = [...replacements(JSON.parse(capture.text), (whole) => whole, [value])];
        return fc.constantFrom(...all).map((whole) => ({ dialect: capture.dialect, text: JSON.stringify(whole) }));
      }),
    );
    fc.assert(
      fc.property(place, ({ dialect, text }) => {
        read(text, { dialect });
      }),
      { numRuns: 500 },
    );
  });

  it("random bytes, and captures with random bytes in them, never throw", () => {
    const mutated = fc
      .tuple(fc.constantFrom(...captures), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
      .map(([{ text }, changes]) => {
        const bytes = encode(text);
        for (const [index, byte] of changes) bytes[index % bytes.length] = byte;
        return bytes;
      });
    for (const dialect of dialects) {
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
          read(bytes, { dialect });
          read(new TextDecoder().decode(bytes), { dialect });
        }),
        { numRuns: 500 },
      );
    }
  });

  it("K2: user data comes and goes as it is, tags included", () => {
    const payload = { a: { __type__: "os.system", __data__: "rm" }, b: [{ __type__: "bytes", __data__: "AA==" }] };
    const { message } = read(request({ payload }));
    expect(message).toMatchObject({ payload });
    const sent = relay("subagents").serialize(new BusTaskRequestMessage({ source: "a", taskId: "t", payload }));
    expect(JSON.parse(textOf(sent)).__data__.payload).toEqual(payload);
  });

  it("an onRejected that throws is not the peer's doing: nothing is thrown at the caller", () => {
    const serializer = new JSONMessageSerializer({
      onRejected: () => {
        throw new Error("no");
      },
    });
    const logged: unknown[] = [];
    const { error } = console;
    console.error = (...words: unknown[]) => void logged.push(words);
    try {
      expect(serializer.deserialize("x")).toBeUndefined();
    } finally {
      console.error = error;
    }
    expect(logged).toHaveLength(1);
    expect(serializer.rejected.parse).toBe(1);
  });
});
