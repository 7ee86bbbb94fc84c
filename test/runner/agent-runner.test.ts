import {
  AgentRunner,
  BaseAgent,
  BusAgentGoneMessage,
  BusAgentReadyMessage,
  BusCancelAgentMessage,
  BusCancelMessage,
  BusDataMessage,
  BusEndAgentMessage,
  BusEndMessage,
  type BusMessage,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LocalBus,
  Pipeline,
  TextFrame,
} from "trunkline";
import { describe, expect, it, vi } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";

class Hang extends BaseAgent {
  override buildPipeline() {
    return new Pipeline([
      new (class extends FrameProcessor {
        override async process(frame: Frame, direction: FrameDirection) {
          if (frame instanceof TextFrame) await new Promise(() => {});
          await this.push(frame, direction);
        }
      })(),
    ]);
  }
}

const plain = (name: string) => (runner: AgentRunner) => [new BaseAgent(name, { bus: runner.bus })];

describe("AgentRunner", () => {
  it("finds its agents by name, and nothing for others", async () => {
    await using running = await Running.with(plain("a"));
    expect(running.runner.getAgent("a")?.name).toBe("a");
    expect(running.runner.getAgent("b")).toBeUndefined();
    expect(running.runner.registry.localAgents).toEqual(["a"]);
  });

  it("skips an agent whose name is taken, without throwing, and says so", async () => {
    await using running = await Running.with(plain("a"));
    const { runner } = running;
    const first = runner.getAgent("a");
    await runner.addAgent(new BaseAgent("a", { bus: runner.bus }));
    await runner.addAgent(first as BaseAgent);
    expect(runner.getAgent("a")).toBe(first);
    await until(() => running.errors.length === 1);
    expect(running.errors).toMatchObject([{ code: "TL_AGENT_ADDED_TWICE", agentName: "a" }]);
  });

  it("end() and cancel() address root agents only, and both work twice", async () => {
    for (const how of ["end", "cancel"] as const) {
      await using running = await Running.with(plain("parent"));
      const { runner } = running;
      const parent = runner.getAgent("parent") as BaseAgent;
      await parent.addAgent(new BaseAgent("child", { bus: runner.bus }));
      await until(() => runner.getAgent("child")?.ready === true);
      const recording = await Recording.of(runner.bus);
      await Promise.all([runner[how]("bye"), runner[how]("bye again")]);
      await running.finished;
      const kind = how === "end" ? BusEndAgentMessage : BusCancelAgentMessage;
      const fromRunner = recording.all<BusEndAgentMessage>(kind).filter(({ source }) => source === runner.name);
      expect(fromRunner.map(({ target, reason }) => [target, reason])).toEqual([["parent", "bye"]]);
    }
  });

  it("end and cancel requests on the bus end and cancel the runner", async () => {
    for (const message of [new BusEndMessage({ source: "x" }), new BusCancelMessage({ source: "x" })]) {
      await using running = await Running.with(plain("a"));
      await running.runner.bus.send(message);
      await running.finished;
    }
  });

  it("run() settles when it was ended or cancelled before, and every agent is released", async () => {
    for (const how of ["end", "cancel"] as const) {
      const runner = new AgentRunner({ handleSigint: false });
      const agent = new BaseAgent("a", { bus: runner.bus });
      await runner.addAgent(agent);
      await runner[how]();
      await runner.run();
      expect(agent.state).toBe("ended");
      expect(runner.bus.subscriptions).toEqual([]);
    }
  });

  it("run() settles when it is cancelled while an agent is still starting", async () => {
    class Never extends BaseAgent {
      override buildPipeline() {
        return new Promise<Pipeline>(() => {});
      }
    }
    const runner = new AgentRunner({ handleSigint: false });
    const agent = new Never("never", { bus: runner.bus });
    await runner.addAgent(agent);
    const run = runner.run();
    await turns();
    await runner.cancel();
    await run;
    expect(agent.state).toBe("ended");
  });

  it("K35: agents added while others start are started", async () => {
    const runner = new AgentRunner({ handleSigint: false });
    const late = new BaseAgent("late", { bus: runner.bus });
    class Adds extends BaseAgent {
      override async buildPipeline() {
        await runner.addAgent(late);
        return undefined;
      }
    }
    await runner.addAgent(new Adds("adds", { bus: runner.bus }));
    const run = runner.run();
    await until(() => late.ready);
    await runner.end();
    await run;
  });

  it("K37: an agent that has ended is announced gone, leaves nothing behind, and its name is free", async () => {
    await using running = await Running.with(plain("keeper"));
    const { runner } = running;
    const recording = await Recording.of(runner.bus);
    const before = runner.bus.subscriptions.length;
    for (let round = 0; round < 20; round++) {
      const agent = new BaseAgent("guest", { bus: runner.bus });
      await runner.addAgent(agent);
      await until(() => agent.ready);
      await runner.bus.send(new BusEndAgentMessage({ source: "test", target: "guest" }));
      await agent.wait();
    }
    await turns();
    expect(running.errors).toEqual([]);
    expect(runner.bus.subscriptions).toHaveLength(before);
    expect(runner.registry.localAgents).toEqual(["keeper"]);
    expect(recording.all(BusAgentReadyMessage)).toHaveLength(20);
    expect(recording.all(BusAgentGoneMessage)).toHaveLength(20);
  });

  it("K44: an end that takes too long is cut short, and names what did not stop", async () => {
    await using running = await Running.with((runner) => [new Hang("hangs", { bus: runner.bus })], {
      shutdownTimeoutMs: 50,
    });
    await running.runner.getAgent("hangs")?.queueFrame(new TextFrame({ text: "x" }));
    await running.runner.end();
    await running.finished;
    expect(running.errors).toMatchObject([{ code: "TL_SHUTDOWN_LATE", message: expect.stringContaining('"hangs"') }]);
  });

  it("a cancel overtakes a graceful end", async () => {
    await using running = await Running.with((runner) => [new Hang("hangs", { bus: runner.bus })]);
    await running.runner.getAgent("hangs")?.queueFrame(new TextFrame({ text: "x" }));
    await running.runner.end();
    await turns();
    await running.runner.cancel();
    await running.finished;
    expect(running.errors).toEqual([]);
  });

  it("reports a failing handler, hook and event handler once each, with the agent's name", async () => {
    class Poke extends BusDataMessage {}
    class Clumsy extends BaseAgent {
      override async onBusMessage(message: BusMessage) {
        await super.onBusMessage(message);
        if (message instanceof Poke) throw new Error("in the handler");
      }
      override async onActivated() {
        throw new Error("in the hook");
      }
    }
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    await using running = await Running.with(({ bus }) => {
      const agent = new Clumsy("clumsy", { bus });
      agent.on("ready", async () => {
        throw new Error("in the event handler");
      });
      return [agent];
    });
    await running.runner.bus.send(new Poke({ source: "test", target: "clumsy" }));
    await until(() => running.errors.length === 3);
    await turns();
    expect(running.errors.map((error) => [error.code, (error as { agentName?: string }).agentName])).toEqual(
      Array.from({ length: 3 }, () => ["TL_HANDLER_FAILED", "clumsy"]),
    );
    for (const place of ["in the handler", "in the hook", "in the event handler"]) {
      expect(running.errors.filter(({ message }) => message.includes(place))).toHaveLength(1);
    }
    expect(unhandled).not.toHaveBeenCalled();
    process.off("unhandledRejection", unhandled);
  });

  it("leaves nothing on the bus when it is over, though an agent's cleanup hangs", { timeout: 20_000 }, async () => {
    class Clings extends BaseAgent {
      override onCleanup() {
        return new Promise<void>(() => {});
      }
    }
    const running = await Running.with(({ bus }) => [new Clings("clings", { bus })]);
    const { bus } = running.runner;
    await running.runner.cancel();
    await running.finished;
    expect(bus.subscriptions).toEqual([]);
    expect(new Set(running.errors.map(({ code }) => code))).toEqual(new Set(["TL_SHUTDOWN_LATE"]));
  });

  it("two runners on one bus know each other's agents, and tell when they are gone", async () => {
    const bus = new LocalBus();
    await using one = await Running.with(() => [new BaseAgent("a", { bus })], { bus, name: "one" });
    const two = await Running.with(() => [new BaseAgent("b", { bus })], { bus, name: "two" });
    await until(() => one.runner.registry.has("b") && two.runner.registry.has("a"));
    expect(one.runner.registry.remoteAgents).toEqual(["b"]);
    expect(two.runner.registry.remoteAgents).toEqual(["a"]);
    await two[Symbol.asyncDispose]();
    await until(() => !one.runner.registry.has("b"));
  });

  it("listens for signals only while it runs", async () => {
    const before = process.listenerCount("SIGINT");
    const runner = new AgentRunner();
    const run = runner.run();
    await until(() => process.listenerCount("SIGINT") === before + 1);
    process.emit("SIGINT");
    await run;
    expect(process.listenerCount("SIGINT")).toBe(before);
  });
});
