import { describe, expect, it } from "vitest";
import { faultsOf, type Part } from "./report.ts";
import { runSoak, type SoakCounts } from "./run-soak.ts";

// The full counts are in full.ts, for `npm run test:soak`.
const small: readonly (readonly [Part, SoakCounts])[] = [
  ["local sessions", { warmUp: 300, measured: 600 }],
  ["tasks", { warmUp: 1_000, measured: 1_000 }],
  ["remote sessions", { warmUp: 60, measured: 120 }],
  ["remote traffic", { warmUp: 500, measured: 500 }],
];

describe("after many of them, nothing is left behind", { timeout: 120_000 }, () => {
  it.each(small)("K33, K37: %s", async (part, counts) => {
    expect(faultsOf(await runSoak(part, counts))).toEqual([]);
  });

  it("one small object that is kept of every session is found", async () => {
    const report = await runSoak("local sessions", { warmUp: 100, measured: 120, planted: true });
    expect(report.growth.objects).toBeCloseTo(1, 1);
    expect(faultsOf(report).join()).toContain("objects behind");
  });
});
