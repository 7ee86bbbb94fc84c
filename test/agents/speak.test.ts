import {
  BaseAgent,
  BusTTSSpeakMessage,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  Pipeline,
  TTSSpeakFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";

class Speaker extends BaseAgent {
  readonly spoken: [string, boolean][] = [];
  override buildPipeline() {
    const { spoken } = this;
    return new Pipeline([
      new (class extends FrameProcessor {
        override process(frame: Frame, direction: FrameDirection) {
          if (frame instanceof TTSSpeakFrame) spoken.push([frame.text, frame.appendToContext]);
          return this.push(frame, direction);
        }
      })(),
    ]);
  }
}

describe("speak messages", () => {
  it("a speak message queues a speak frame with its text; a speak message for another worker is ignored", async () => {
    await using running = await Running.with(({ bus }) => [new Speaker("a", { bus }), new Speaker("b", { bus })]);
    const [a, b] = ["a", "b"].map((name) => running.runner.getAgent(name) as Speaker);
    await running.runner.bus.send(
      new BusTTSSpeakMessage({ source: "x", target: "a", text: "hi", appendToContext: false }),
    );
    await until(() => a?.spoken.length === 1);
    expect([a?.spoken, b?.spoken]).toEqual([[["hi", false]], []]);
  });
});
