import { expect, it } from "vitest";
import { ManualClock, Observed } from "../proxy/link-harness.ts";
import { growthOf } from "./growth.ts";

it("a link that tries to connect again and again keeps nothing of its attempts", async () => {
  const clock = new ManualClock();
  const signals = new Set<AbortSignal>();
  const dial = async (signal: AbortSignal) => {
    signals.clear();
    signals.add(signal);
    throw new Error("nobody is there");
  };
  const observed = new Observed({ dial }, { clock, random: () => 0 });
  observed.link.open();
  const attempts = () => observed.link.counters.connectAttempts;
  const { objects } = await growthOf({
    warmUp: 200,
    measured: 1_000,
    samples: 5,
    flat: { bytes: 1_000, objects: 0.05 },
    work: async (from, to) => {
      const goal = attempts() + (to - from);
      while (attempts() < goal) {
        await new Promise((resolve) => setImmediate(resolve));
        clock.advance(100);
      }
      observed.failures.length = 0;
      observed.log.length = 0;
    },
  });
  expect(objects).toBeLessThanOrEqual(0.05);
  expect(clock.pending).toBeLessThanOrEqual(1);
  await observed.link.close();
  expect(clock.pending).toBe(0);
});
