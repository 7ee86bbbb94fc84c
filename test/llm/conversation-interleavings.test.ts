import fc from "fast-check";
import { describe, it } from "vitest";
import { flowStage, joinedStage, localStage } from "./interleaving-stage.ts";
import { type Play, plays } from "./interleavings.ts";

/** Whatever users, interruptions, tools and handoffs do, in any order. */
async function hold(stage: (play: Play) => Promise<void>, numRuns: number): Promise<void> {
  // What hangs is a fault as well; nothing here takes nearly as long.
  await fc.assert(fc.asyncProperty(plays, stage), { numRuns, timeout: 4_000 });
}

describe("a conversation stays well-formed, loses no word, says none twice and goes on", () => {
  it("when two agents share it", () => hold(localStage, 50), 30_000);

  it("when one of the two follows a plan", () => hold(flowStage, 30), 30_000);

  it("when its agent is behind proxies", () => hold(joinedStage, 25), 30_000);
});
