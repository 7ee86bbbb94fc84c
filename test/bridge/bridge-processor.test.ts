import {
  BaseAgent,
  BusBridgeProcessor,
  type BusBridgeProcessorOptions,
  BusFrameMessage,
  ErrorFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LLMTextFrame,
  Pipeline,
  StartFrame,
  TextFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";

class Tap extends FrameProcessor {
  readonly texts: string[] = [];
  readonly kinds: string[] = [];
  override process(frame: Frame, direction: FrameDirection) {
    this.kinds.push(frame.constructor.name);
    if (frame instanceof TextFrame) this.texts.push(`${direction} ${frame.text}`);
    return this.push(frame, direction);
  }
}

class Bridged extends BaseAgent {
  readonly before = new Tap();
  readonly after = new Tap();
  readonly bridgeOptions: Partial<BusBridgeProcessorOptions>;

  constructor(name: string, options: { bus: BaseAgent["bus"] } & Partial<BusBridgeProcessorOptions>) {
    super(name, options);
    this.bridgeOptions = options;
  }

  override buildPipeline() {
    const bridge = new BusBridgeProcessor({ ...this.bridgeOptions, bus: this.bus, agentName: this.name });
    return new Pipeline([this.before, bridge, this.after]);
  }
}

async function main(options: Partial<BusBridgeProcessorOptions> = {}) {
  const running = await Running.with(({ bus }) => [new Bridged("main", { ...options, bus })]);
  const recording = await Recording.of(running.runner.bus);
  return { running, recording, bus: running.runner.bus, agent: running.runner.getAgent("main") as Bridged };
}

const text = (value: string) => new TextFrame({ text: value });
const from = (
  source: string,
  value: string,
  more: { target?: string; bridge?: string; direction?: FrameDirection } = {},
) => new BusFrameMessage({ source, frame: text(value), direction: "downstream", ...more });

describe("BusBridgeProcessor", () => {
  it("sends frames to the bus, tagged with source and direction, and consumes them", async () => {
    const { running, recording, agent } = await main();
    await using _ = running;
    await agent.queueFrame(text("hello"));
    await agent.queueFrame(text("back"), "upstream");
    await until(() => recording.all(BusFrameMessage).length === 2);
    expect(
      recording
        .all(BusFrameMessage)
        .map((m) => [m.source, m.target, m.direction, (m.frame as TextFrame).text, m.bridge]),
    ).toEqual([
      ["main", undefined, "downstream", "hello", undefined],
      ["main", undefined, "upstream", "back", undefined],
    ]);
    expect([agent.before.texts, agent.after.texts]).toEqual([["downstream hello"], ["upstream back"]]);
  });

  it("start and end pass through and never reach the bus", async () => {
    const { running, recording, agent } = await main();
    await using _ = running;
    await running.runner.end();
    await running.finished;
    expect(agent.after.kinds).toEqual(["StartFrame", "EndFrame"]);
    expect(recording.all(BusFrameMessage)).toEqual([]);
  });

  it("excluded types pass through locally and never reach the bus", async () => {
    const { running, recording, agent } = await main({ excludeFrames: [LLMTextFrame] });
    await using _ = running;
    await agent.queueFrame(new LLMTextFrame({ text: "mine" }));
    await until(() => agent.after.texts.length === 1);
    expect(recording.all(BusFrameMessage)).toEqual([]);
  });

  it("a bus frame enters at the bridge, goes on in its direction, and is not sent to the bus again (K48)", async () => {
    const { running, recording, bus, agent } = await main();
    await using _ = running;
    await bus.send(from("other", "down"));
    await bus.send(from("other", "up", { direction: "upstream" }));
    await until(() => agent.after.texts.length === 1 && agent.before.texts.length === 1);
    expect([agent.before.texts, agent.after.texts]).toEqual([["upstream up"], ["downstream down"]]);
    expect(recording.all(BusFrameMessage).map(({ source }) => source)).toEqual(["other", "other"]);
  });

  it("ignores its own agent's frames, frames for somebody else, and takes frames for its agent", async () => {
    const { running, bus, agent } = await main();
    await using _ = running;
    await bus.send(from("main", "own"));
    await bus.send(from("other", "elsewhere", { target: "third" }));
    await bus.send(from("other", "for me", { target: "main" }));
    await until(() => agent.after.texts.length === 1);
    await turns();
    expect(agent.after.texts).toEqual(["downstream for me"]);
  });

  it("K51: bound to one peer, it accepts only that peer and sends only to it", async () => {
    const { running, recording, bus, agent } = await main({ targetAgent: "peer" });
    await using _ = running;
    await bus.send(from("stranger", "no"));
    await bus.send(from("peer", "yes"));
    await agent.queueFrame(text("out"));
    await until(() => agent.after.texts.length === 1 && recording.all(BusFrameMessage).length === 3);
    expect(agent.after.texts).toEqual(["downstream yes"]);
    expect(recording.all(BusFrameMessage).at(-1)?.target).toBe("peer");
  });

  it("a named bridge tags what it sends and accepts only what carries its name", async () => {
    const { running, recording, bus, agent } = await main({ bridge: "voice" });
    await using _ = running;
    await bus.send(from("other", "unnamed"));
    await bus.send(from("other", "video", { bridge: "video" }));
    await bus.send(from("other", "voice", { bridge: "voice" }));
    await agent.queueFrame(text("out"));
    await until(() => agent.after.texts.length === 1 && recording.all(BusFrameMessage).length === 4);
    expect(agent.after.texts).toEqual(["downstream voice"]);
    expect(recording.all(BusFrameMessage).at(-1)?.bridge).toBe("voice");
  });

  it("K49: a frame that comes before the pipeline has started is kept and enters after the start", async () => {
    let start = () => {};
    const starting = new Promise<void>((resolve) => {
      start = resolve;
    });
    class SlowStart extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof StartFrame) await starting;
        await this.push(frame, direction);
      }
    }
    const last = new Tap();
    class Main extends BaseAgent {
      override buildPipeline() {
        return new Pipeline([new SlowStart(), new BusBridgeProcessor({ bus: this.bus, agentName: this.name }), last]);
      }
    }
    const ready = Running.with(({ bus }) => {
      void bus.subscribe({ name: "probe", onBusMessage: () => {} });
      const agent = new Main("main", { bus });
      queueMicrotask(async () => {
        await until(() => bus.subscriptions.some(({ name }) => name === "main/bridge"));
        await bus.send(from("other", "early 1"));
        await bus.send(from("other", "early 2"));
        await turns();
        expect(last.kinds).toEqual([]);
        start();
      });
      return [agent];
    });
    await using _ = await ready;
    await until(() => last.texts.length === 2);
    expect(last.kinds).toEqual(["StartFrame", "TextFrame", "TextFrame"]);
  });

  it("K3: an error that comes from the bus is told and ends nothing here, however fatal it calls itself", async () => {
    const { running, bus, agent } = await main();
    await using _ = running;
    const told: string[] = [];
    agent.on("error", (error) => told.push(error.message));
    const frame = new ErrorFrame({ error: "die", fatal: true });
    await bus.send(new BusFrameMessage({ source: "other", frame, direction: "upstream" }));
    await until(() => told.length === 1);
    await bus.send(from("other", "still there?"));
    await until(() => agent.after.texts.length === 1);
    expect([told, agent.ready]).toEqual([["die"], true]);
  });

  it("K36: what the bus has already handed over passes before the end", async () => {
    const { running, bus, agent } = await main();
    await using _ = running;
    for (let index = 0; index < 200; index++) void bus.send(from("other", String(index)));
    await running.runner.end();
    await running.finished;
    expect(agent.after.texts).toHaveLength(200);
  });
});
