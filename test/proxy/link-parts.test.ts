import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Receipts } from "../../src/proxy/link/receipts.ts";
import { TokenChain } from "../../src/proxy/link/token-chain.ts";

describe("receipts", () => {
  const arrival = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant("count" as const), n: fc.nat(20_000) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("skip" as const), n: fc.integer({ min: 1, max: 40 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("tell" as const), n: fc.constant(0) }) },
  );

  it("are due after 64 frames or 256 KiB that the peer was not told of, and never before", () => {
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 150, size: "max" }), (arrivals) => {
        const receipts = new Receipts();
        let told = 0;
        /** What has come since, in bytes of each frame. */
        let since: number[] = [];
        for (const { do: what, n } of arrivals) {
          if (what === "count") {
            receipts.count(n);
            since.push(n);
          } else if (what === "skip") {
            expect(receipts.skip(n)).toBe(true);
            since.push(...new Array<number>(n).fill(0));
          } else {
            told += since.length;
            since = [];
            expect(receipts.tell()).toBe(told);
          }
          expect(receipts.received).toBe(told + since.length);
          expect(receipts.told).toBe(told);
          expect(receipts.pending).toBe(since.length > 0);
          const bytes = since.reduce((sum, it) => sum + it, 0);
          expect(receipts.due).toBe(since.length >= 64 || bytes >= 256 * 1_024);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("count no further than a number can", () => {
    const receipts = new Receipts();
    expect(receipts.skip(Number.MAX_SAFE_INTEGER - 1)).toBe(true);
    expect(receipts.skip(2)).toBe(false);
    expect(receipts.received).toBe(Number.MAX_SAFE_INTEGER - 1);
    expect(receipts.skip(1)).toBe(true);
  });
});

describe("the tokens of a session", () => {
  /** `at` picks among all the tokens there have been, the newest first. */
  const show = fc.record({ do: fc.constant("show" as const), at: fc.nat(6) });
  const step = fc.oneof({ weight: 4, arbitrary: show }, fc.record({ do: fc.constant("confirm" as const) }));

  it("are good from the one that was shown last on, until the client has acknowledged: then only the newest", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6, size: "max" }), (steps) => {
        const chain = new TokenChain();
        /** Oldest first; `good` counts from the end. */
        const all = [chain.newest];
        let good = 1;
        for (const step of steps) {
          if (step.do === "confirm") {
            chain.confirm();
            good = 1;
          } else {
            const shown = all.at(-1 - step.at);
            if (shown === undefined || step.at >= good) continue;
            chain.renew(shown);
            all.push(chain.newest);
            good = step.at + 2;
          }
          expect(new Set(all).size).toBe(all.length);
          expect(all.map((token) => chain.has(token))).toEqual(all.map((_, index) => index >= all.length - good));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("always hold the one that is shown again and again, and the newest, and not more than eight", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (times) => {
        const chain = new TokenChain();
        const all = [chain.newest];
        const [shown = ""] = all;
        for (let time = 0; time < times; time += 1) {
          expect(chain.has(shown)).toBe(true);
          chain.renew(shown);
          all.push(chain.newest);
        }
        expect(chain.has(shown)).toBe(true);
        expect(chain.has(chain.newest)).toBe(true);
        expect(all.filter((token) => chain.has(token)).length).toBe(Math.min(8, times + 1));
      }),
      { numRuns: 100 },
    );
  });

  it("are not good when one character is another, or is missing", () => {
    const chain = new TokenChain();
    const { newest } = chain;
    for (let place = 0; place < newest.length; place += 1) {
      const other = newest[place] === "A" ? "B" : "A";
      expect(chain.has(newest.slice(0, place) + other + newest.slice(place + 1))).toBe(false);
      expect(chain.has(newest.slice(0, place))).toBe(false);
    }
  });
});
