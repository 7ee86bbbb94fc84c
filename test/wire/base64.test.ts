import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, encodeBase64, fromBase64, toBase64 } from "../../src/wire/base64.ts";

describe("base64", () => {
  it("is the standard one, with and without help of the platform", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(encodeBase64(bytes)).toBe(text);
        expect(toBase64(bytes)).toBe(text);
        expect(decodeBase64(text)).toEqual(bytes);
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
  });

  it.each([
    "A",
    "AA",
    "AAA",
    "AA=A",
    "A===",
    "====",
    "AAAA====",
    "AA==AAAA",
    "AA A",
    "AAA\n",
    "AA-_",
    "ÄAAA",
    "/x==",
    "AAB=",
    "AAA=",
  ])("%j: is taken only if it is what its bytes are written as", (text) => {
    const canonical = Buffer.from(text, "base64").toString("base64") === text;
    expect(decodeBase64(text) !== undefined).toBe(canonical);
    expect(fromBase64(text) !== undefined).toBe(canonical);
  });

  it("reads whatever text, and never gives two texts the same bytes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."AZaz09+/=") })), (text) => {
        const bytes = decodeBase64(text);
        if (bytes !== undefined) expect(encodeBase64(bytes)).toBe(text);
      }),
    );
  });
});
