import {
  type AgentErrorData,
  type AgentRunner,
  BaseAgent,
  BusEndAgentMessage,
  type Frame,
  FrameProcessor,
  Pipeline,
  TextFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";

class StuckHook extends BaseAgent {
  override onEnding() {
    return new Promise<void>(() => {});
  }
}

class StuckProcessor extends FrameProcessor {
  override async process(frame: Frame) {
    if (frame instanceof TextFrame) await new Promise(() => {});
    await this.push(frame, "downstream");
  }
}

class StuckPipeline extends BaseAgent {
  override buildPipeline() {
    return new Pipeline([new StuckProcessor()]);
  }
  override async onReady() {
    await super.onReady();
    await this.queueFrame(new TextFrame({ text: "x" }));
  }
}

const endOf = (target: string) => new BusEndAgentMessage({ source: "test", target, reason: "done" });

describe("the graceful end of one agent", () => {
  it.each([
    ["a hook", StuckHook],
    ["a processor", StuckPipeline],
  ])("is cut short when %s hangs; it is named, its tasks are answered, and the others go on", async (_, Stuck) => {
    await using running = await Running.with(({ bus }) => [new Stuck("stuck", { bus }), new BaseAgent("b", { bus })], {
      shutdownTimeoutMs: 50,
    });
    const { runner } = running;
    const stuck = runner.getAgent("stuck") as BaseAgent;
    await runner.bus.send(endOf("stuck"));
    await stuck.wait();
    expect(running.errors).toMatchObject([{ code: "TL_SHUTDOWN_LATE", agentName: "stuck" }]);
    expect([runner.getAgent("stuck"), runner.getAgent("b")?.ready]).toEqual([undefined, true]);
  });

  it("of a parent whose child hangs names the child, and both end", async () => {
    await using running = await Running.with(({ bus }) => [new BaseAgent("parent", { bus })], {
      shutdownTimeoutMs: 50,
    });
    const parent = running.runner.getAgent("parent") as BaseAgent;
    const child = new StuckHook("child", { bus: parent.bus });
    await parent.addAgent(child);
    await until(() => child.ready);
    await running.runner.bus.send(endOf("parent"));
    await Promise.all([parent.wait(), child.wait()]);
    expect(running.errors.map(({ code }) => code)).toContain("TL_SHUTDOWN_LATE");
    expect(running.runner.agents).toEqual([]);
  });

  it("leaves no timer when a cancel overtakes it, and is not told late", async () => {
    await using running = await Running.with(({ bus }) => [new StuckHook("stuck", { bus })]);
    const stuck = running.runner.getAgent("stuck") as BaseAgent;
    await running.runner.bus.send(endOf("stuck"));
    await until(() => stuck.state === "ending");
    // The test file fails over a timer that is left.
    await running.runner.cancel();
    await running.finished;
    expect([stuck.state, running.errors]).toEqual(["ended", []]);
  });

  it("leaves being late to the runner when that ends too, which names it once", async () => {
    await using running = await Running.with(({ bus }) => [new StuckHook("stuck", { bus })], {
      shutdownTimeoutMs: 100,
    });
    const stuck = running.runner.getAgent("stuck") as BaseAgent;
    await running.runner.bus.send(endOf("stuck"));
    await until(() => stuck.state === "ending");
    await running.runner.end();
    await running.finished;
    expect(running.errors).toMatchObject([{ code: "TL_SHUTDOWN_LATE" }]);
    expect(running.errors).toHaveLength(1);
  });
});

describe("a child that is refused", () => {
  async function family(build: (runner: AgentRunner) => readonly BaseAgent[]) {
    const running = await Running.with(build);
    const parent = running.runner.getAgent("parent") as BaseAgent;
    const told: AgentErrorData[] = [];
    parent.on("agentError", (data) => void told.push(data));
    return { running, parent, told };
  }

  it("is no child: its parent is told, and it has ended", async () => {
    const { running, parent, told } = await family(({ bus }) => [
      new BaseAgent("parent", { bus }),
      new BaseAgent("taken", { bus }),
    ]);
    await using _ = running;
    const cleaned: string[] = [];
    class Child extends BaseAgent {
      override onCleanup() {
        cleaned.push(this.name);
      }
    }
    const child = new Child("taken", { bus: parent.bus });
    await parent.addAgent(child);
    await child.wait();
    await until(() => told.length === 1);
    expect(told[0]).toEqual({ agentName: "taken", error: 'Agent "taken" was not added: the name is taken.' });
    expect([parent.children, cleaned]).toEqual([[], ["taken"]]);
    expect(running.runner.getAgent("taken")?.ready).toBe(true);
    expect(running.runner.registry.isLocal("taken")).toBe(true);
    // Nobody but the first is there to be ended with its parent.
    await running.runner.bus.send(endOf("parent"));
    await parent.wait();
    await turns();
    expect(running.runner.getAgent("taken")?.ready).toBe(true);
  });

  it("because a subscriber has its name is no child either, and the fault is told", async () => {
    const { running, parent, told } = await family(({ bus }) => [new BaseAgent("parent", { bus })]);
    await using _ = running;
    const { bus } = running.runner;
    await bus.subscribe({ name: "taken", onBusMessage: () => {} });
    const child = new BaseAgent("taken", { bus });
    await parent.addAgent(child);
    await child.wait();
    await until(() => told.length === 1 && running.errors.length === 1);
    expect([parent.children, running.errors[0]?.code]).toEqual([[], "TL_SUBSCRIBER_EXISTS"]);
    expect(bus.has("taken")).toBe(true);
  });

  it("because its parent ends has ended too, and is taken by nobody", async () => {
    const { running, parent } = await family(({ bus }) => [new BaseAgent("parent", { bus })]);
    await using _ = running;
    const child = new BaseAgent("child", { bus: parent.bus });
    const added = parent.addAgent(child);
    await Promise.all([added, parent.stop("enough"), child.wait()]);
    await turns();
    expect([parent.children, child.state, running.runner.agents, running.errors]).toEqual([[], "ended", [], []]);
  });

  it("cannot be added again, as no agent that has ended can", async () => {
    await using running = await Running.with(() => []);
    const { runner } = running;
    const agent = new BaseAgent("a", { bus: runner.bus });
    await agent.stop();
    await expect(runner.addAgent(agent)).rejects.toMatchObject({ code: "TL_AGENT_ADDED_TWICE" });
    expect([runner.agents, runner.bus.has("a")]).toEqual([[], false]);
  });
});
