import { BaseAgent, BusCancelMessage, Pipeline } from "trunkline";
import { describe, expect, it } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";

class Listener extends BaseAgent {
  override buildPipeline() {
    return new Pipeline([]);
  }
}

describe("an agent that nobody talks to", () => {
  it("Idle timeout of one worker cancels the whole runner, unless cancelling on idle is off", async () => {
    await using running = await Running.with(({ bus }) => [
      new Listener("patient", { bus, pipeline: { idleTimeoutMs: 10, cancelOnIdle: false } }),
      new Listener("idle", { bus, pipeline: { idleTimeoutMs: 100 } }),
      new Listener("busy", { bus }),
    ]);
    const recording = await Recording.of(running.runner.bus);
    const busy = running.runner.getAgent("busy");
    await running.finished;
    expect(busy?.state).toBe("ended");
    expect(recording.all(BusCancelMessage).map(({ source, reason }) => [source, reason])).toEqual([["idle", "idle"]]);
  });
});
