import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimatedBytes } from "../../src/util/index.ts";

const enough = 1_000_000;
const bytesOf = (value: unknown) => estimatedBytes(value, enough);

describe("the estimate of what a value keeps", () => {
  it("is no less than the text in it, wherever that is", () => {
    const text = "x".repeat(1_000);
    for (const value of [text, [text], { text }, { [text]: 1 }, { deep: [[{ text }]] }]) {
      expect(bytesOf(value)).toBeGreaterThanOrEqual(1_000);
      expect(bytesOf(value)).toBeLessThan(1_300);
    }
  });

  it("counts bytes, also of a part of a buffer", () => {
    expect(bytesOf({ audio: new Uint8Array(5_000) })).toBeGreaterThanOrEqual(5_000);
    expect(bytesOf(new ArrayBuffer(5_000))).toBeGreaterThanOrEqual(5_000);
    expect(bytesOf([new Uint8Array(5_000).subarray(0, 10)])).toBeLessThan(200);
  });

  it("counts something for every object, however little is in it", () => {
    expect(bytesOf(Array.from({ length: 1_000 }, () => []))).toBeGreaterThan(16_000);
    expect(bytesOf(Array.from({ length: 1_000 }, () => ({})))).toBeGreaterThan(16_000);
  });

  it("counts what is there twice once, and comes to an end in a circle", () => {
    const shared = { text: "x".repeat(1_000) };
    expect(bytesOf([shared, shared, shared])).toBeLessThan(1_200);
    const circle: unknown[] = [shared];
    circle.push(circle, { circle });
    expect(bytesOf(circle)).toBeLessThan(1_300);
  });

  it("stops at what is enough: at a long array, a deep one, and one with holes", () => {
    let deep: unknown = [];
    for (let level = 0; level < 100_000; level++) deep = [deep];
    for (const value of [Array.from({ length: 500_000 }, () => 1), deep, new Array(4_000_000_000)]) {
      expect(bytesOf(value)).toBe(enough);
    }
    expect(estimatedBytes("x".repeat(2_000), 1_000)).toBe(1_000);
  });

  it("leaves the program's own objects alone, and an accessor that throws harms nobody", () => {
    class Session {
      readonly history = "x".repeat(10_000);
      get broken(): never {
        throw new Error("not ready");
      }
    }
    expect(bytesOf({ session: new Session() })).toBeLessThan(200);
    const broken = {
      get broken(): never {
        throw new Error("not ready");
      },
    };
    expect(bytesOf([broken])).toBeLessThan(200);
  });

  it("is at least an eighth of the JSON text, and never more than enough", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(2_000), (value, limit) => {
        expect(estimatedBytes(value, limit)).toBeLessThanOrEqual(limit);
        expect(bytesOf(value) * 8).toBeGreaterThanOrEqual(JSON.stringify(value).length);
      }),
    );
  });
});
