import { setMaxListeners } from "node:events";
import { expect, it } from "vitest";
import { type Growth, growthOf, slopeOf } from "./growth.ts";

/** Keeps something of every item, beside work that leaves nothing. */
function growthWith(keep: (index: number) => unknown, maxWindows = 1): Promise<Growth> {
  const kept: unknown[] = [];
  return growthOf({
    warmUp: 1_000,
    measured: 2_000,
    samples: 5,
    flat: { bytes: 50, objects: 0.05 },
    maxWindows,
    work: async (from, to) => {
      for (let index = from; index < to; index += 1) {
        const left = keep(await Promise.resolve(index));
        if (left !== undefined) kept.push(left);
      }
    },
  });
}

it("work that leaves nothing is flat", async () => {
  const growth = await growthWith((index) => void `garbage ${index}`, 3);
  expect(growth.bytes).toBeLessThanOrEqual(50);
  expect(growth.objects).toBeCloseTo(0, 1);
});

it("K33: measured growth of a known leak is found: an object of every item", async () => {
  const growth = await growthWith((index) => ({ index, of: {} }));
  expect(growth.objects).toBeCloseTo(2, 1);
  expect(growth.bytes).toBeGreaterThan(50);
});

it("measured growth of a known leak is found: an object of every tenth item", async () => {
  const growth = await growthWith((index) => (index % 10 === 0 ? { index } : undefined));
  expect(growth.objects).toBeCloseTo(0.1, 2);
});

it("measured growth of a known leak is found: 200 bytes of text, which are no object", async () => {
  const growth = await growthWith((index) => Buffer.alloc(200, String(index)).toString("latin1"));
  expect(growth.objects).toBeCloseTo(0, 1);
  expect(growth.bytes).toBeGreaterThan(150);
  expect(growth.bytes).toBeLessThan(350);
});

it("a listener that is left on a long-lived signal is found", async () => {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const growth = await growthWith(() => signal.addEventListener("abort", () => {}));
  expect(growth.objects).toBeGreaterThanOrEqual(1);
});

it("the slope is that of the line through the points, whatever its height", () => {
  expect(slopeOf([0, 1, 2, 3].map((x) => [x, 7 + 3 * x]))).toBeCloseTo(3);
  expect(slopeOf([0, 1, 2].map((x) => [x, 5]))).toBeCloseTo(0);
});
