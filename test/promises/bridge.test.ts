import {
  BaseAgent,
  BusBridgeProcessor,
  BusFrameMessage,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  Pipeline,
  StopFrame,
  TextFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";

class Tap extends FrameProcessor {
  readonly seen: string[] = [];
  override async process(frame: Frame, direction: FrameDirection) {
    await new Promise((resolve) => setImmediate(resolve));
    this.seen.push(frame instanceof TextFrame ? frame.text : frame.constructor.name);
    await this.push(frame, direction);
  }
}

class Main extends BaseAgent {
  readonly last = new Tap();
  override buildPipeline() {
    return new Pipeline([new BusBridgeProcessor({ bus: this.bus, agentName: this.name }), this.last]);
  }
}

class Bridged extends BaseAgent {
  readonly only = new Tap();
  override buildPipeline() {
    return new Pipeline([this.only]);
  }
}

describe("Bridge processor", () => {
  it('"Start/End/Cancel/Stop pass through and never reach the bus"', async () => {
    const ends = {
      EndFrame: ({ runner }: Running) => runner.end(),
      CancelFrame: ({ runner }: Running) => runner.cancel(),
      StopFrame: ({ runner }: Running) => runner.getAgent("main")?.queueFrame(new StopFrame()),
    };
    for (const [kind, end] of Object.entries(ends)) {
      await using running = await Running.with(({ bus }) => [new Main("main", { bus })]);
      const agent = running.runner.getAgent("main") as Main;
      const recording = await Recording.of(running.runner.bus);
      await end(running);
      await agent.wait();
      expect(agent.last.seen).toEqual(["StartFrame", kind]);
      expect(recording.all(BusFrameMessage)).toEqual([]);
    }
  });

  it('K50: "A bus frame is never observed before a frame the worker queued itself earlier", by a bridged agent', async () => {
    await using running = await Running.with(({ bus }) => [new Bridged("a", { bus, bridged: true, active: true })]);
    const agent = running.runner.getAgent("a") as Bridged;
    for (let round = 0; round < 20; round++) {
      const frame = new TextFrame({ text: `bus ${round}` });
      void agent.queueFrame(new TextFrame({ text: `own ${round}` }));
      await running.runner.bus.send(new BusFrameMessage({ source: "other", frame, direction: "downstream" }));
    }
    const { seen } = agent.only;
    await until(() => seen.length === 41);
    for (let round = 0; round < 20; round++) {
      expect(seen.indexOf(`own ${round}`)).toBeLessThan(seen.indexOf(`bus ${round}`));
    }
    for (const source of ["own", "bus"]) {
      const texts = seen.filter((text) => text.startsWith(source));
      expect(texts).toEqual(Array.from({ length: 20 }, (_, round) => `${source} ${round}`));
    }
  });
});

describe("Edge processors", () => {
  it('"Several bridge names accept exactly those"', async () => {
    await using running = await Running.with(({ bus }) => [
      new Bridged("a", { bus, bridged: ["voice", "video"], active: true }),
    ]);
    const agent = running.runner.getAgent("a") as Bridged;
    for (const bridge of ["screen", undefined, "video", "voice"]) {
      const frame = new TextFrame({ text: `${bridge}` });
      await running.runner.bus.send(new BusFrameMessage({ source: "other", frame, direction: "downstream", bridge }));
    }
    await until(() => agent.only.seen.includes("voice"));
    expect(agent.only.seen).toEqual(["StartFrame", "video", "voice"]);
  });
});
