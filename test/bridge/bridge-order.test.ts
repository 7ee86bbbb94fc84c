import {
  BaseAgent,
  BusBridgeProcessor,
  type BusBridgeProcessorOptions,
  BusFrameMessage,
  EndFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  FunctionCallResultFrame,
  InterruptionFrame,
  LLMTextFrame,
  LocalBus,
  Pipeline,
  PipelineTask,
  type PipelineTaskOptions,
  StartFrame,
  TextFrame,
  UserStartedSpeakingFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";

class Tap extends FrameProcessor {
  readonly seen: string[] = [];
  override process(frame: Frame, direction: FrameDirection) {
    this.seen.push(frame instanceof TextFrame ? frame.text : frame.constructor.name);
    return this.push(frame, direction);
  }
  /** What came since the start. */
  get story() {
    return this.seen.slice(1);
  }
}

class Main extends BaseAgent {
  readonly before = new Tap();
  readonly after = new Tap();
  readonly bridge: BusBridgeProcessor;

  constructor(options: { bus: BaseAgent["bus"]; pipeline: PipelineTaskOptions } & Partial<BusBridgeProcessorOptions>) {
    super("main", options);
    // Text of the model is excluded: it passes by.
    this.bridge = new BusBridgeProcessor({ excludeFrames: [LLMTextFrame], bus: options.bus, agentName: "main" });
  }

  override buildPipeline() {
    return new Pipeline([this.before, this.bridge, this.after]);
  }
}

const out = (value: string) => new TextFrame({ text: value });
const own = (value: string) => new LLMTextFrame({ text: value });
const result = () => new FunctionCallResultFrame({ functionName: "f", toolCallId: "c", arguments: {}, result: 1 });

/** A pipeline whose bridge is held up: somebody on the bus makes senders wait until `open` is called. */
async function heldUp(pipeline: PipelineTaskOptions = {}) {
  const running = await Running.with(({ bus }) => [new Main({ bus, pipeline })]);
  const { bus } = running.runner;
  const agent = running.runner.getAgent("main") as Main;
  let open!: () => void;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const sent: string[] = [];
  const onBusMessage = (message: unknown) => {
    const { frame } = message as BusFrameMessage;
    sent.push(frame instanceof TextFrame ? frame.text : frame.constructor.name);
    return gate;
  };
  await bus.subscribe(
    { name: "slow", onBusMessage },
    { maxQueued: 1, whenFull: "wait", accept: (m) => m instanceof BusFrameMessage && m.source === "main" },
  );
  const enter = (frame: Frame, direction: FrameDirection = "downstream") =>
    bus.send(new BusFrameMessage({ source: "other", frame, direction }));
  /** The same, and waits until the bus has handed it over. */
  const arrive = async (frame: Frame, direction?: FrameDirection) => {
    await enter(frame, direction);
    await until(() => bus.subscriptions.find(({ name }) => name === agent.bridge.name)?.ordinary === 0);
  };
  /** Queues a frame of the pipeline's own and waits until it is at the bridge. */
  const reach = async (frame: TextFrame) => {
    await agent.queueFrame(frame);
    await until(() => agent.before.story.includes(frame.text));
  };
  for (const word of ["out 1", "out 2", "out 3"]) await agent.queueFrame(out(word));
  await until(() => sent.length === 1 && agent.before.story.length === 3);
  await turns();
  return { running, agent, bus, enter, arrive, open, reach, sent };
}

describe("what comes from the bus at a bridge that is held up", () => {
  it("K50: does not overtake frames that wait there to pass by", async () => {
    const { running, agent, arrive, open, reach } = await heldUp();
    await using _ = running;
    await reach(own("own 1"));
    await arrive(out("bus 1"));
    await reach(own("own 2"));
    await arrive(out("bus 2"));
    await arrive(out("bus up"), "upstream");
    await until(() => agent.before.story.length === 5);
    await turns();
    expect(agent.after.story).toEqual([]);
    open();
    await until(() => agent.after.story.length === 4 && agent.before.story.length === 6);
    expect(agent.after.story).toEqual(["own 1", "bus 1", "own 2", "bus 2"]);
    expect(agent.before.story.at(-1)).toBe("bus up");
  });

  it("K48: is not sent back to it, whether it waited or not", async () => {
    const { running, agent, enter, open, sent, reach } = await heldUp();
    await using _ = running;
    await reach(own("own"));
    await enter(out("bus 1"));
    open();
    await until(() => agent.after.story.length === 2);
    await enter(out("bus 2"));
    await until(() => agent.after.story.length === 3 && sent.length === 3);
    await turns();
    expect(sent).toEqual(["out 1", "out 2", "out 3"]);
  });

  it("does not wait for frames on their way out, which nobody sees beside it", async () => {
    const { running, agent, enter, open } = await heldUp();
    await using _ = running;
    await enter(out("bus"));
    await until(() => agent.after.story.length === 1);
    expect(agent.after.story).toEqual(["bus"]);
    open();
  });

  it("goes on at once if it is a system frame", async () => {
    const { running, agent, enter, open, reach } = await heldUp();
    await using _ = running;
    await reach(own("own"));
    await enter(out("bus"));
    await enter(new UserStartedSpeakingFrame());
    await until(() => agent.after.story.length === 1);
    expect(agent.after.story).toEqual(["UserStartedSpeakingFrame"]);
    open();
  });

  it("is dropped by an interruption of the pipeline, if it may be", async () => {
    const { running, agent, enter, arrive, open, reach } = await heldUp();
    await using _ = running;
    await reach(own("own"));
    await arrive(out("bus"));
    await arrive(result());
    await agent.queueFrame(new InterruptionFrame());
    await until(() => agent.before.story.includes("InterruptionFrame"));
    await turns();
    open();
    await until(() => agent.after.story.length === 1);
    await enter(out("later"));
    await until(() => agent.after.story.length === 2);
    expect(agent.after.story).toEqual(["FunctionCallResultFrame", "later"]);
  });

  it("is dropped by an interruption from the bus, which leaves the pipeline's own frames there alone", async () => {
    const { running, agent, enter, arrive, open, sent, reach } = await heldUp();
    await using _ = running;
    await reach(own("own"));
    await arrive(out("bus"));
    await enter(new InterruptionFrame());
    await until(() => agent.after.story.length === 1);
    await enter(out("later"));
    open();
    await until(() => agent.after.story.length === 3 && sent.length === 3);
    expect(agent.after.story).toEqual(["InterruptionFrame", "own", "later"]);
    expect(sent).toEqual(["out 1", "out 2", "out 3"]);
  });

  it("K36: passes before the end, what waits there and what comes while the end waits for the bus", async () => {
    const { running, agent, enter, open, reach } = await heldUp();
    await using _ = running;
    await reach(own("own"));
    await enter(out("bus 1"));
    await turns();
    const ended = running.runner.end();
    await until(() => agent.before.story.includes("EndFrame"));
    for (let n = 2; n <= 50; n++) await enter(out(`bus ${n}`));
    open();
    await ended;
    await running.finished;
    const bus = Array.from({ length: 50 }, (_, index) => `bus ${index + 1}`);
    expect(agent.after.story).toEqual(["own", ...bus, "EndFrame"]);
  });

  it("K36: passes before the end even if more wait than there is room for", async () => {
    const { running, agent, enter, open } = await heldUp({ maxQueuedFrames: 2 });
    await using _ = running;
    await agent.queueFrame(new EndFrame());
    await until(() => agent.before.story.includes("EndFrame"));
    for (let n = 0; n < 50; n++) await enter(out(`bus ${n}`));
    for (let n = 0; n < 10; n++) void agent.queueFrame(own(`too late ${n}`)).catch(() => {});
    await turns();
    open();
    await agent.wait();
    const upToTheEnd = agent.after.story.slice(0, 51);
    expect(upToTheEnd).toEqual([...Array.from({ length: 50 }, (_, n) => `bus ${n}`), "EndFrame"]);
  });

  it("stays on the bus when no more may wait, and all of it enters in order", async () => {
    const { running, agent, bus, enter, open, reach } = await heldUp({ maxQueuedFrames: 4 });
    await using _ = running;
    await reach(own("own"));
    for (let n = 0; n < 100; n++) await enter(out(`bus ${n}`));
    await turns(10);
    const waiting = bus.subscriptions.find(({ name }) => name === "main/bridge")?.ordinary ?? 0;
    expect(waiting).toBeGreaterThan(80);
    open();
    await until(() => agent.after.story.length === 101);
    expect(agent.after.story).toEqual(["own", ...Array.from({ length: 100 }, (_, n) => `bus ${n}`)]);
  });

  it("K49: waits for the start, on the bus what there is no room for", async () => {
    const bus = new LocalBus();
    let open!: () => void;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    class SlowStart extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof StartFrame) await opened;
        await this.push(frame, direction);
      }
    }
    const after = new Tap();
    const bridge = new BusBridgeProcessor({ bus, agentName: "main" });
    const task = new PipelineTask(new Pipeline([new SlowStart(), bridge, after]), { maxQueuedFrames: 4 });
    const started = task.start();
    await bus.start();
    for (let n = 0; n < 100; n++) {
      await bus.send(new BusFrameMessage({ source: "other", frame: out(`bus ${n}`), direction: "downstream" }));
    }
    await turns(10);
    expect(bus.subscriptions.find(({ name }) => name === "main/bridge")?.ordinary).toBeGreaterThan(80);
    open();
    await started;
    await until(() => after.story.length === 100);
    expect(after.story).toEqual(Array.from({ length: 100 }, (_, n) => `bus ${n}`));
    await task.end();
    await bus.stop();
  });

  it("waits while the bridge is paused", async () => {
    const running = await Running.with(({ bus }) => [new Main({ bus, pipeline: {} })]);
    await using _ = running;
    const agent = running.runner.getAgent("main") as Main;
    agent.bridge.pause();
    for (const word of ["1", "2"]) {
      await running.runner.bus.send(new BusFrameMessage({ source: "o", frame: out(word), direction: "downstream" }));
    }
    await turns(10);
    expect(agent.after.story).toEqual([]);
    agent.bridge.resume();
    await until(() => agent.after.story.length === 2);
    expect(agent.after.story).toEqual(["1", "2"]);
  });
});
