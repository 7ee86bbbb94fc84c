import {
  AgentRunner,
  BaseAgent,
  BusAddAgentMessage,
  BusAgentReadyMessage,
  BusCancelMessage,
  BusDataMessage,
  BusEndMessage,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LocalBus,
  Pipeline,
  TextFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";

class Slow extends FrameProcessor {
  readonly seen: string[] = [];
  override async process(frame: Frame, direction: FrameDirection) {
    await new Promise((resolve) => setImmediate(resolve));
    if (frame instanceof TextFrame) this.seen.push(frame.text);
    await this.push(frame, direction);
  }
}

class PipelineAgent extends BaseAgent {
  readonly slow = new Slow();
  override buildPipeline() {
    return new Pipeline([this.slow]);
  }
}

describe("an agent's life", () => {
  it("is not ready and has no start time before it runs; has both once it does; a ready event fires", async () => {
    let readyEvents = 0;
    await using running = await Running.with((runner) => {
      const agent = new BaseAgent("a", { bus: runner.bus });
      agent.on("ready", () => {
        readyEvents += 1;
      });
      expect([agent.ready, agent.startedAt]).toEqual([false, undefined]);
      return [agent];
    });
    const agent = running.runner.getAgent("a");
    expect(agent?.ready).toBe(true);
    expect(agent?.startedAt).toBeGreaterThan(1_700_000_000_000);
    expect(readyEvents).toBe(1);
  });

  it("a bridged agent is inactive by default, others are active", () => {
    const bus = new LocalBus();
    expect(new BaseAgent("a", { bus, bridged: true }).active).toBe(false);
    expect(new BaseAgent("a", { bus, bridged: ["x"], active: true }).active).toBe(true);
    expect(new BaseAgent("a", { bus }).active).toBe(true);
  });

  it("end() broadcasts an end request with source and reason, which ends the runner", async () => {
    await using running = await Running.with(({ bus }) => [new BaseAgent("a", { bus })]);
    const recording = await Recording.of(running.runner.bus);
    await running.runner.getAgent("a")?.end({ reason: "enough" });
    await running.finished;
    const ends = recording.all(BusEndMessage);
    expect(ends.map(({ source, reason, target }) => [source, reason, target])).toEqual([["a", "enough", undefined]]);
  });

  it("cancel() broadcasts a cancel request with its source, which cancels the runner", async () => {
    await using running = await Running.with(({ bus }) => [new BaseAgent("a", { bus })]);
    const recording = await Recording.of(running.runner.bus);
    await running.runner.getAgent("a")?.cancel();
    await running.finished;
    expect(recording.all(BusCancelMessage).map(({ source }) => source)).toEqual(["a"]);
  });

  it("end() and cancel() do nothing once everything has ended", async () => {
    await using running = await Running.with(({ bus }) => [new BaseAgent("a", { bus })]);
    const agent = running.runner.getAgent("a") as BaseAgent;
    await agent.end();
    await running.finished;
    await expect(agent.end()).resolves.toBeUndefined();
    await expect(agent.cancel()).resolves.toBeUndefined();
  });

  it("K36: a graceful end lets everything queued pass first", async () => {
    await using running = await Running.with(({ bus }) => [new PipelineAgent("a", { bus })]);
    const agent = running.runner.getAgent("a") as PipelineAgent;
    for (const text of ["one", "two", "three"]) await agent.queueFrame(new TextFrame({ text }));
    await running.runner.end();
    await running.finished;
    expect(agent.slow.seen).toEqual(["one", "two", "three"]);
  });

  it("several queued frames travel in order, also those queued before the start", async () => {
    const runner = new AgentRunner({ handleSigint: false });
    const agent = new PipelineAgent("a", { bus: runner.bus });
    const early = agent.queueFrames([new TextFrame({ text: "1" }), new TextFrame({ text: "2" })]);
    await runner.addAgent(agent);
    const run = runner.run();
    await early;
    await agent.queueFrame(new TextFrame({ text: "3" }));
    await runner.end();
    await run;
    expect(agent.slow.seen).toEqual(["1", "2", "3"]);
  });

  it("a finished event fires once, after the pipeline has ended", async () => {
    const finished: boolean[] = [];
    {
      await using running = await Running.with(({ bus }) => [new PipelineAgent("a", { bus })]);
      const agent = running.runner.getAgent("a") as PipelineAgent;
      await agent.queueFrame(new TextFrame({ text: "x" }));
      agent.on("finished", () => void finished.push(agent.slow.seen.length === 1));
      await running.runner.end();
      await running.finished;
    }
    expect(finished).toEqual([true]);
  });

  it("messages for an agent that is still starting wait for it", async () => {
    const runner = new AgentRunner({ handleSigint: false });
    const seen: string[] = [];
    let started = () => {};
    const starting = new Promise<void>((resolve) => {
      started = resolve;
    });
    class Late extends BaseAgent {
      override async buildPipeline() {
        await starting;
        return undefined;
      }
      override onBusMessage(message: BusDataMessage) {
        if (message instanceof BusDataMessage) seen.push(this.ready ? message.constructor.name : "too early");
        return super.onBusMessage(message);
      }
    }
    class Hello extends BusDataMessage {}
    await runner.addAgent(new Late("late", { bus: runner.bus }));
    const run = runner.run();
    await runner.bus.send(new Hello({ source: "test", target: "late" }));
    await turns();
    expect(seen).toEqual([]);
    started();
    await until(() => seen.length >= 1);
    expect(seen.filter((name) => name === "Hello" || name === "too early")).toEqual(["Hello"]);
    await runner.cancel();
    await run;
  });

  it("K41: an agent that cannot start is reported with its name, and its parent is told", async () => {
    class Broken extends BaseAgent {
      override buildPipeline(): Pipeline {
        throw new Error("no microphone");
      }
    }
    await using running = await Running.with(({ bus }) => [new BaseAgent("parent", { bus })]);
    const parent = running.runner.getAgent("parent") as BaseAgent;
    const told: string[] = [];
    parent.on("agentError", ({ agentName, error }) => void told.push(`${agentName}: ${error}`));
    await parent.addAgent(new Broken("child", { bus: parent.bus }));
    await until(() => told.length === 1);
    expect(told[0]).toContain("no microphone");
    expect(running.errors).toMatchObject([{ code: "TL_AGENT_FAILED_TO_START", agentName: "child" }]);
  });

  it("reaches the registry once added, and says what is missing before that", () => {
    const agent = new BaseAgent("a", { bus: new LocalBus() });
    expect(() => agent.registry).toThrow(/does not belong to a runner/);
  });
});

describe("children", () => {
  it("adding children sends a local message each, keeps their order, sets their parent and watches them", async () => {
    await using running = await Running.with(({ bus }) => [new BaseAgent("parent", { bus })]);
    const recording = await Recording.of(running.runner.bus);
    const parent = running.runner.getAgent("parent") as BaseAgent;
    const ready: string[] = [];
    parent.on("agentReady", ({ agentName }) => void ready.push(agentName));
    const children = ["x", "y"].map((name) => new BaseAgent(name, { bus: parent.bus }));
    for (const child of children) await parent.addAgent(child);
    await until(() => ready.length === 2 && recording.all(BusAddAgentMessage).length === 2);
    expect(parent.children).toEqual(children);
    expect(children.map((child) => child.parent)).toEqual(["parent", "parent"]);
    expect(recording.all(BusAddAgentMessage).map(({ agent }) => agent)).toEqual(children);
  });

  it("K38: only ready root agents are announced", async () => {
    const runner = new AgentRunner({ handleSigint: false });
    const recording = await Recording.of(runner.bus);
    const parent = new BaseAgent("parent", { bus: runner.bus });
    await parent.addAgent(new BaseAgent("child", { bus: runner.bus }));
    await runner.addAgent(parent);
    const run = runner.run();
    await until(() => runner.getAgent("child")?.ready === true && parent.ready);
    await turns();
    expect(recording.all(BusAgentReadyMessage).map(({ source }) => source)).toEqual(["parent"]);
    await runner.end();
    await run;
  });

  it("end goes root to children to root: the parent ends after its children have", async () => {
    const order: string[] = [];
    await using running = await Running.with(({ bus }) => [new PipelineAgent("parent", { bus })]);
    const parent = running.runner.getAgent("parent") as BaseAgent;
    const child = new PipelineAgent("child", { bus: parent.bus });
    const grandchild = new PipelineAgent("grandchild", { bus: parent.bus });
    for (const agent of [parent, child, grandchild]) agent.on("finished", () => void order.push(agent.name));
    await parent.addAgent(child);
    await child.addAgent(grandchild);
    await until(() => grandchild.ready);
    await running.runner.end();
    await running.finished;
    expect(order).toEqual(["grandchild", "child", "parent"]);
  });

  it("cancel on a parent reaches each child", async () => {
    await using running = await Running.with(({ bus }) => [new BaseAgent("parent", { bus })]);
    const parent = running.runner.getAgent("parent") as BaseAgent;
    const child = new BaseAgent("child", { bus: parent.bus });
    await parent.addAgent(child);
    await until(() => child.ready);
    await running.runner.cancel();
    await running.finished;
    expect([parent.state, child.state]).toEqual(["ended", "ended"]);
  });
});
