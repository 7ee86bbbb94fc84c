import {
  AgentRunner,
  BaseAgent,
  BusAddAgentMessage,
  BusCancelAgentMessage,
  BusEndAgentMessage,
  BusLocalMessage,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  Pipeline,
  TextFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";

/** Passes frames on a turn later, so that more of them wait; the text "stuck" only when the work is aborted. */
class Slow extends FrameProcessor {
  readonly seen: string[] = [];
  override async process(frame: Frame, direction: FrameDirection) {
    const { signal } = this;
    await new Promise((resolve) => setImmediate(resolve));
    this.seen.push(frame instanceof TextFrame ? frame.text : frame.constructor.name);
    if (this.seen.at(-1) === "stuck") await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await this.push(frame, direction);
  }
}

class Speaker extends BaseAgent {
  readonly slow = new Slow();
  override buildPipeline() {
    return new Pipeline([this.slow]);
  }
}

async function speaker() {
  const running = await Running.with(({ bus }) => [new Speaker("a", { bus })]);
  return { running, agent: running.runner.getAgent("a") as Speaker, bus: running.runner.bus };
}

describe("Agent/worker lifecycle", () => {
  it('"Direct cleanup does not fire the finished event": one that never ran is only released', async () => {
    const runner = new AgentRunner({ handleSigint: false });
    const calls: string[] = [];
    class Noting extends Speaker {
      override onCleanup() {
        calls.push("cleanup");
      }
    }
    const agent = new Noting("a", { bus: runner.bus });
    agent.on("finished", () => void calls.push("finished"));
    await runner.addAgent(agent);
    await runner.cancel();
    await runner.run();
    expect([agent.state, calls]).toEqual(["ended", ["cleanup"]]);
  });

  it('"Adding a child sends a local-only add message carrying the child"', async () => {
    const { running, agent, bus } = await speaker();
    await using _ = running;
    const recording = await Recording.of(bus);
    const child = new BaseAgent("child", { bus });
    await agent.addAgent(child);
    await until(() => child.ready && recording.all(BusAddAgentMessage).length > 0);
    const [message, ...more] = recording.all(BusAddAgentMessage);
    expect(message).toBeInstanceOf(BusLocalMessage);
    expect([message?.source, message?.agent, more]).toEqual(["a", child, []]);
  });

  it('"A targeted end message ends the pipeline gracefully"', async () => {
    const { running, agent, bus } = await speaker();
    await using _ = running;
    for (const text of ["one", "two"]) await agent.queueFrame(new TextFrame({ text }));
    await bus.send(new BusEndAgentMessage({ source: "test", target: "a" }));
    await agent.wait();
    expect(agent.slow.seen).toEqual(["StartFrame", "one", "two", "EndFrame"]);
  });

  it('"A targeted cancel message cancels the pipeline"', async () => {
    const { running, agent, bus } = await speaker();
    await using _ = running;
    for (const text of ["stuck", "two"]) await agent.queueFrame(new TextFrame({ text }));
    await until(() => agent.slow.seen.includes("stuck"));
    await bus.send(new BusCancelAgentMessage({ source: "test", target: "a" }));
    await agent.wait();
    expect(agent.slow.seen).toEqual(["StartFrame", "stuck", "CancelFrame"]);
    expect(running.runner.getAgent("a")).toBeUndefined();
  });

  it('"End on a parent is sent to each child", "Cancel on a parent is sent to each child"', async () => {
    for (const kind of [BusEndAgentMessage, BusCancelAgentMessage]) {
      const { running, agent, bus } = await speaker();
      await using _ = running;
      const children = ["x", "y"].map((name) => new BaseAgent(name, { bus }));
      for (const child of children) await agent.addAgent(child);
      await until(() => children.every((child) => child.ready));
      const recording = await Recording.of(bus);
      const told = () => recording.all<BusEndAgentMessage>(kind).filter(({ source }) => source === "a");
      await bus.send(new kind({ source: "test", target: "a", reason: "over" }));
      await agent.wait();
      await until(() => told().length >= 2);
      expect([...new Set(told().map(({ target, reason }) => `${target}: ${reason}`))]).toEqual(["x: over", "y: over"]);
      expect(children.map(({ state }) => state)).toEqual(["ended", "ended"]);
    }
  });
});
