import fc from "fast-check";
import { expect, it } from "vitest";
import { Backoff, Link, type LinkSocket } from "../../src/proxy/link/index.ts";
import { silentLinkEvents } from "../support/silent-link-events.ts";

const defaults = { minMs: 100, spreadMs: 1_000, maxSpreadMs: 30_000 };

function delays(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.nextDelayMs());
}

it("is 100 ms and a random part of up to 1 s, 2 s, 4 s … 30 s", () => {
  const longest = [1_100, 2_100, 4_100, 8_100, 16_100, 30_100, 30_100, 30_100];
  expect(delays(new Backoff({ ...defaults, random: () => 1 }), 8)).toEqual(longest);
  expect(delays(new Backoff({ ...defaults, random: () => 0 }), 8)).toEqual(Array(8).fill(100));
  expect(delays(new Backoff({ ...defaults, random: () => 0.5 }), 3)).toEqual([600, 1_100, 2_100]);
});

it("asks for one random number a wait", () => {
  let asked = 0;
  const random = () => {
    asked += 1;
    return 0.5;
  };
  delays(new Backoff({ ...defaults, random }), 7);
  expect(asked).toBe(7);
});

it("begins anew after a reset", () => {
  const backoff = new Backoff({ ...defaults, random: () => 1 });
  delays(backoff, 5);
  backoff.reset();
  expect(delays(backoff, 2)).toEqual([1_100, 2_100]);
});

it("is at least the least, at most that and the spread, and never less for more failures, for ever", () => {
  const ms = fc.oneof(fc.integer({ min: 0, max: 1_000_000_000 }), fc.double({ min: 0, max: 1e9, noNaN: true }));
  fc.assert(
    fc.property(ms, ms, ms, fc.double({ min: 0, max: 1, noNaN: true }), (minMs, spreadMs, maxSpreadMs, random) => {
      const waits = delays(new Backoff({ minMs, spreadMs, maxSpreadMs, random: () => random }), 2_000);
      const wrong = waits.filter(
        (wait, index) => !(wait >= (waits[index - 1] ?? minMs) && wait <= minMs + maxSpreadMs),
      );
      expect(wrong).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

it.for([
  ["minMs", -1],
  ["minMs", Number.NaN],
  ["minMs", Number.POSITIVE_INFINITY],
  ["spreadMs", -0.5],
  ["spreadMs", Number.NaN],
  ["maxSpreadMs", -1],
  ["maxSpreadMs", Number.POSITIVE_INFINITY],
  // A timer for so long would fire at once, again and again.
  ["maxSpreadMs", 2 ** 31 - 100],
  ["spreadMs", "1000" as unknown as number],
] as const)("refuses %s: %s, and says which it was", ([name, value]) => {
  const make = () => new Backoff({ ...defaults, [name]: value, random: Math.random });
  expect(make).toThrow(expect.objectContaining({ code: "TL_INVALID_OPTION", message: expect.stringContaining(name) }));
});

it("a link refuses options that are none, before it dials", () => {
  const dial = (): Promise<LinkSocket> => Promise.reject(new Error("was dialed"));
  expect(() => new Link({ dial }, silentLinkEvents, { backoff: { spreadMs: -1 } })).toThrow(
    expect.objectContaining({ code: "TL_INVALID_OPTION" }),
  );
});
