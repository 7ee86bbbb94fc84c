import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ControlFrame,
  maxControlBytes,
  readControlFrame,
  writeControlFrame,
} from "../../src/proxy/link/control-frame.ts";

const encoder = new TextEncoder();
const bytesOf = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

describe("control frames", () => {
  const digits = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];
  const secret = fc
    .array(fc.constantFrom(...digits), { minLength: 22, maxLength: 22 })
    .map((characters) => characters.join(""));
  const count = fc.oneof(fc.nat(5), fc.maxSafeNat());
  const positive = count.filter((n) => n > 0);
  const lost = fc.constantFrom(undefined, "expired", "unknown", "overflow", "pressure", "mismatch");
  const frame = fc.oneof(
    fc.constant({ t: "hello", resume: undefined, received: 0 }),
    fc.record({ t: fc.constant("hello"), resume: fc.record({ sid: secret, token: secret }), received: count }),
    fc.record({
      t: fc.constant("welcome"),
      sid: secret,
      token: secret,
      windowMs: count,
      max: fc.record({ frame: positive, messages: positive, bytes: positive }),
      heartbeatMs: positive,
      lost,
    }),
    fc.record({ t: fc.constant("resumed"), received: count, token: secret }),
    fc.record({ t: fc.constant("ack"), received: count }),
    fc.record({ t: fc.constant("skip"), count: positive }),
    fc.constant({ t: "bye" }),
    fc
      .tuple(count, count)
      .map(([one, other]) => ({ t: "away", retryMs: [Math.min(one, other), Math.max(one, other)] })),
  ) as fc.Arbitrary<ControlFrame>;

  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
  const isPositive = (value: unknown): boolean => isCount(value) && value !== 0;
  const isSecret = (value: unknown): boolean => typeof value === "string" && /^[A-Za-z0-9_-]{22}$/.test(value);
  const hasKeys = (value: object, ...keys: readonly string[]): boolean =>
    Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).sort().join() === [...keys].sort().join();

  /** True for what the page says there is, and nothing else in it. */
  function isClosedShape(it: ControlFrame): boolean {
    switch (it.t) {
      case "hello":
        if (it.resume === undefined) return hasKeys(it, "t", "resume", "received") && it.received === 0;
        return (
          hasKeys(it, "t", "resume", "received") &&
          hasKeys(it.resume, "sid", "token") &&
          isSecret(it.resume.sid) &&
          isSecret(it.resume.token) &&
          isCount(it.received)
        );
      case "welcome":
        return (
          hasKeys(it, "t", "sid", "token", "windowMs", "max", "heartbeatMs", "lost") &&
          hasKeys(it.max, "frame", "messages", "bytes") &&
          isSecret(it.sid) &&
          isSecret(it.token) &&
          isCount(it.windowMs) &&
          [it.heartbeatMs, it.max.frame, it.max.messages, it.max.bytes].every(isPositive) &&
          [undefined, "expired", "unknown", "overflow", "pressure", "mismatch"].includes(it.lost)
        );
      case "resumed":
        return hasKeys(it, "t", "received", "token") && isCount(it.received) && isSecret(it.token);
      case "ack":
        return hasKeys(it, "t", "received") && isCount(it.received);
      case "skip":
        return hasKeys(it, "t", "count") && isPositive(it.count);
      case "bye":
        return hasKeys(it, "t");
      case "away":
        return hasKeys(it, "t", "retryMs") && it.retryMs.length === 2 && it.retryMs.every(isCount);
    }
  }

  it("come back as they were written", () => {
    fc.assert(
      fc.property(frame, (written) => {
        const text = encoder.encode(writeControlFrame(written));
        expect(text.byteLength).toBeLessThanOrEqual(maxControlBytes);
        const read = readControlFrame(text);
        expect(read).toEqual(written);
        expect(read !== undefined && isClosedShape(read)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  const keys = ["t", "v", "sid", "token", "received", "windowMs", "max", "heartbeatMs", "lost", "count", "retryMs"];
  const kinds = ["hello", "welcome", "resumed", "ack", "skip", "bye", "away"];
  const inherited = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const numbers = [1, 0, -1, 0.5, 2 ** 53, Number.MAX_VALUE, Number.MIN_VALUE];
  const odd = fc.oneof(
    fc.constantFrom<unknown>(
      ...kinds,
      ...inherited,
      ...numbers,
      null,
      true,
      "",
      "1",
      [],
      {},
      [0, 1],
      [2, 1],
      [1, 2, 3],
    ),
    fc.jsonValue(),
    secret,
    secret.chain((text) => fc.constantFrom(`${text}A`, `${text}\n`, text.slice(1), `+${text.slice(1)}`)),
    count,
  );

  /** What the page says may be in a frame; what else there is does not matter. */
  function isFrame(it: Record<string, unknown>): boolean {
    const { t, sid, token, received, retryMs } = it;
    const max = it.max as Record<string, unknown> | null;
    switch (Object.hasOwn(it, "t") && t) {
      case "hello":
        if (it.v !== 1) return false;
        if (sid === null) return token === undefined && received === 0;
        return isSecret(sid) && isSecret(token) && isCount(received);
      case "welcome":
        if (max === null || typeof max !== "object" || Array.isArray(max)) return false;
        return (
          [sid, token].every(isSecret) &&
          [it.heartbeatMs, max.frame, max.messages, max.bytes].every(isPositive) &&
          isCount(it.windowMs) &&
          [undefined, "expired", "unknown", "overflow", "pressure", "mismatch"].includes(it.lost as string | undefined)
        );
      case "resumed":
        return isCount(received) && isSecret(token);
      case "ack":
        return isCount(received);
      case "skip":
        return isPositive(it.count);
      case "away":
        return Array.isArray(retryMs) && retryMs.length === 2 && retryMs.every(isCount) && retryMs[0] <= retryMs[1];
      default:
        return t === "bye";
    }
  }

  it("are never a reason to throw, and whatever is read is of a closed shape: any bytes", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.string().map((text) => encoder.encode(text)),
      fc.json().map((text) => encoder.encode(text)),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        const read = readControlFrame(bytes);
        expect(read === undefined || isClosedShape(read)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("are read when they are as the page says, and else are not: frames with a few things changed", () => {
    const change = fc.record({
      pick: fc.nat(),
      foreign: fc.option(fc.constantFrom(...keys, ...inherited), { freq: 4 }),
      value: odd,
      within: fc.boolean(),
    });
    fc.assert(
      fc.property(frame, fc.array(change, { minLength: 1, maxLength: 2 }), (whole, changes) => {
        const text = JSON.parse(writeControlFrame(whole)) as Record<string, unknown>;
        for (const { pick, foreign, value, within } of changes) {
          const target = (within && text.max !== null && typeof text.max === "object" ? text.max : text) as object;
          const own = Object.keys(target);
          const key = foreign ?? own[pick % own.length] ?? "t";
          // Not by assignment, which would change the prototype for one of them.
          Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
        }
        const bytes = bytesOf(text);
        const written = JSON.parse(JSON.stringify(text)) as Record<string, unknown>;
        const read = readControlFrame(bytes);
        expect(read !== undefined).toBe(isFrame(written) && bytes.byteLength <= maxControlBytes);
        if (read === undefined) return;
        expect(isClosedShape(read)).toBe(true);
        expect(read.t).toBe(written.t);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    '{"t":"skip","count":0}',
    '{"t":"ack","received":-1}',
    '{"t":"ack","received":9007199254740992}',
    '{"t":"ack"}',
    '{"t":"away","retryMs":[2,1]}',
    '{"t":"hello","v":2,"sid":null,"received":0}',
    '{"t":"hello","v":1,"sid":null,"received":1}',
    '{"t":"hello","v":1,"sid":"AAAAAAAAAAAAAAAAAAAAAA","received":0}',
    '{"t":"resumed","received":0,"token":"AAAAAAAAAAAAAAAAAAAAAAA"}',
    '{"t":"Ack","received":0}',
    '[{"t":"bye"}]',
  ])("are refused for one thing that is off: %s", (text) => {
    expect(readControlFrame(encoder.encode(text))).toBeUndefined();
  });

  it("are not looked for under names that every object has", () => {
    for (const t of inherited) expect(readControlFrame(bytesOf({ t }))).toBeUndefined();
    expect(readControlFrame(encoder.encode('{"__proto__":{"t":"bye"}}'))).toBeUndefined();
  });

  it("are refused above 4 KiB, whatever they say", () => {
    const padded = (length: number) => encoder.encode(`{"t":"bye"}${" ".repeat(length - 11)}`);
    expect(readControlFrame(padded(4_096))).toEqual({ t: "bye" });
    expect(readControlFrame(padded(4_097))).toBeUndefined();
  });
});
