import {
  type AgentBus,
  AgentRunner,
  BaseAgent,
  BusAgentLocalErrorMessage,
  BusCancelAgentMessage,
  BusEndAgentMessage,
  BusEndMessage,
  type BusMessage,
  BusSystemMessage,
  EndFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LocalBus,
  Pipeline,
  StartFrame,
  TextFrame,
} from "trunkline";
import { describe, expect, it, vi } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";

const never = () => new Promise<void>(() => {});
const plain =
  (...names: string[]) =>
  ({ bus }: AgentRunner) =>
    names.map((name) => new BaseAgent(name, { bus }));
const end = (target: string) => new BusEndAgentMessage({ source: "test", target });
const cancel = (target: string) => new BusCancelAgentMessage({ source: "test", target });

/** Ends itself: at the start, or at the first text. */
class EndsItself extends BaseAgent {
  readonly at: "start" | "text";
  constructor(name: string, options: { bus: AgentBus; at: "start" | "text" }) {
    super(name, options);
    this.at = options.at;
  }
  override buildPipeline() {
    const { at } = this;
    return new Pipeline([
      new (class extends FrameProcessor {
        override async process(frame: Frame, direction: FrameDirection) {
          await this.push(frame, direction);
          const when = at === "start" ? frame instanceof StartFrame : frame instanceof TextFrame;
          if (when) await this.push(new EndFrame({ reason: "enough" }));
        }
      })(),
    ]);
  }
}

describe("a runner", () => {
  it("run() twice is one run", async () => {
    const runner = new AgentRunner({ handleSigint: false });
    const agent = new BaseAgent("a", { bus: runner.bus });
    await runner.addAgent(agent);
    const runs = [runner.run(), runner.run()];
    await until(() => agent.ready);
    await turns();
    expect(agent.state).toBe("ready");
    await runner.end();
    await Promise.all([...runs, runner.run()]);
    expect(agent.state).toBe("ended");
  });

  it("stops a shared bus only for its own part", async () => {
    const bus = new LocalBus();
    await using one = await Running.with(plain("a"), { bus, name: "one" });
    const two = new AgentRunner({ bus, name: "two", handleSigint: false });
    await two.end();
    await two.run();
    await one.runner.bus.send(new BusEndMessage({ source: "test" }));
    await one.finished;
  });

  it("releases everything when its bus cannot start, and says why", async () => {
    class Broken extends LocalBus {
      override async start(): Promise<void> {
        throw new Error("no broker");
      }
    }
    const runner = new AgentRunner({ bus: new Broken(), handleSigint: false });
    const agent = new BaseAgent("a", { bus: runner.bus });
    await runner.addAgent(agent);
    await expect(runner.run()).rejects.toThrow("no broker");
    expect([agent.state, runner.bus.subscriptions]).toEqual(["ended", []]);
  });

  it("K45: an agent that cannot subscribe is not added, and holds up no end", async () => {
    await using running = await Running.with(plain("parent"));
    const { runner } = running;
    await runner.bus.subscribe({ name: "taken", onBusMessage: () => {} });
    const agent = new BaseAgent("taken", { bus: runner.bus });
    await expect(runner.addAgent(agent)).rejects.toMatchObject({ code: "TL_SUBSCRIBER_EXISTS" });
    expect([runner.getAgent("taken"), agent.added]).toEqual([undefined, false]);

    const parent = runner.getAgent("parent") as BaseAgent;
    const told: string[] = [];
    parent.on("agentError", ({ error }) => void told.push(error));
    await parent.addAgent(new BaseAgent("taken", { bus: runner.bus }));
    await until(() => told.length === 1);
    expect(told[0]).toContain('"taken"');
    await runner.end();
    await running.finished;
    expect(running.errors.map(({ code }) => code)).not.toContain("TL_SHUTDOWN_LATE");
  });

  it("refuses an agent that was built for another bus", async () => {
    await using running = await Running.with(plain("a"));
    const stranger = new BaseAgent("b", { bus: new LocalBus() });
    await expect(running.runner.addAgent(stranger)).rejects.toMatchObject({ code: "TL_INVALID_OPTION" });
  });

  it("an agent that is being added when the end comes is released with the others", async () => {
    for (const how of ["end", "cancel"] as const) {
      await using running = await Running.with(plain("a"));
      const late = new BaseAgent("late", { bus: running.runner.bus });
      const added = running.runner.addAgent(late);
      await running.runner[how]();
      await Promise.all([added, running.finished]);
      await late.wait();
      expect(running.errors).toEqual([]);
    }
  });

  it("may be ended from its own events, and by agents in theirs, awaited", async () => {
    const runner = new AgentRunner({ handleSigint: false });
    runner.on("ready", async () => {
      await runner.end("from ready");
    });
    await runner.run();

    class Ends extends BaseAgent {
      override async onReady() {
        await super.onReady();
        await this.end({ reason: "from a hook" });
      }
    }
    const other = new AgentRunner({ handleSigint: false });
    await other.addAgent(new Ends("ends", { bus: other.bus }));
    await other.run();
  });

  it("a child belongs to its parent's runner alone, also on a shared bus", async () => {
    const bus = new LocalBus();
    await using one = await Running.with(plain("a"), { bus, name: "one" });
    await using two = await Running.with(plain("b"), { bus, name: "two" });
    const child = new BaseAgent("child", { bus });
    await (two.runner.getAgent("b") as BaseAgent).addAgent(child);
    await until(() => child.ready);
    await turns();
    expect([one.runner.getAgent("child"), two.runner.getAgent("child")]).toEqual([undefined, child]);
    expect([one.errors, two.errors]).toEqual([[], []]);
  });

  it("tells a failure once, also when two runners share the bus", async () => {
    const bus = new LocalBus();
    class Poke extends BusSystemMessage {}
    class Clumsy extends BaseAgent {
      override onBusMessage(message: BusMessage) {
        if (message instanceof Poke) throw new Error("clumsy");
        return super.onBusMessage(message);
      }
    }
    await using one = await Running.with(plain("a"), { bus, name: "one" });
    await using two = await Running.with(() => [new Clumsy("clumsy", { bus })], { bus, name: "two" });
    await until(() => one.runner.registry.has("clumsy"));
    await bus.send(new Poke({ source: "test", target: "clumsy" }));
    await until(() => two.errors.length === 1);
    await turns();
    expect([one.errors, two.errors.length]).toEqual([[], 1]);
  });

  it("K39: a runner that comes back under its name is told of the others' agents, and they of its", async () => {
    const bus = new LocalBus();
    await using one = await Running.with(plain("a"), { bus, name: "one" });
    for (let life = 0; life < 3; life++) {
      await using two = await Running.with(plain("b"), { bus, name: "two" });
      await until(() => one.runner.registry.has("b") && two.runner.registry.has("a"));
    }
    await until(() => !one.runner.registry.has("b"));
  });

  it("an agent that is gone as soon as it is there leaves no ghost with the other runners", async () => {
    const bus = new LocalBus();
    await using one = await Running.with(plain("a"), { bus, name: "one" });
    const { runner } = one;
    await using two = await Running.with(plain("b"), { bus, name: "two" });
    const seen: string[] = [];
    two.runner.registry.on("agentReady", ({ agentName }) => seen.push(agentName));
    const spinner = { name: "spinner", onBusMessage: () => void performance.now() };
    await bus.subscribe(spinner, { observe: true });
    for (let life = 0; life < 50; life++) {
      const guest = new BaseAgent("guest", { bus });
      await runner.addAgent(guest);
      await until(() => guest.ready);
      await guest.stop();
    }
    await until(() => seen.length > 0);
    await bus.idle();
    expect(two.runner.registry.has("guest")).toBe(false);
  });
});

describe("an agent that ends", () => {
  it("by itself, as root or child, at its start or later, is released, and its parent goes on", async () => {
    for (const at of ["start", "text"] as const) {
      await using running = await Running.with(plain("parent"));
      const { runner } = running;
      const parent = runner.getAgent("parent") as BaseAgent;
      const root = new EndsItself("root", { bus: runner.bus, at });
      const child = new EndsItself("child", { bus: runner.bus, at });
      const finished: string[] = [];
      for (const agent of [root, child]) agent.on("finished", () => void finished.push(agent.name));
      await runner.addAgent(root);
      await parent.addAgent(child);
      if (at === "text") for (const agent of [root, child]) await agent.queueFrame(new TextFrame({ text: "x" }));
      await Promise.all([root.wait(), child.wait()]);
      await turns(1);
      expect(runner.agents).toEqual([parent]);
      expect(parent.children).toEqual([]);
      expect(finished.sort()).toEqual(["child", "root"]);
      expect(running.errors).toEqual([]);
    }
  });

  it("K41: because its pipeline could not start is reported and its parent told; a graceful end waits for nobody", async () => {
    class Broken extends BaseAgent {
      override buildPipeline() {
        return new Pipeline([
          new (class Device extends FrameProcessor {
            override process(frame: Frame, direction: FrameDirection): Promise<void> {
              if (frame instanceof StartFrame) throw new Error("no device");
              return this.push(frame, direction);
            }
          })(),
        ]);
      }
    }
    await using running = await Running.with(plain("parent"));
    const parent = running.runner.getAgent("parent") as BaseAgent;
    const told: string[] = [];
    parent.on("agentError", ({ error }) => void told.push(error));
    const child = new Broken("child", { bus: parent.bus });
    await parent.addAgent(child);
    await child.wait();
    await until(() => told.length === 1);
    expect(running.errors).toMatchObject([{ code: "TL_PROCESSOR_FAILED", agentName: "child" }]);
    await running.runner.end();
    await running.finished;
  });

  it("while its parent ends, in any order, holds nothing up", async () => {
    for (const message of [end, cancel]) {
      await using running = await Running.with(plain("parent"));
      const { runner } = running;
      const parent = runner.getAgent("parent") as BaseAgent;
      const children = ["x", "y"].map((name) => new BaseAgent(name, { bus: runner.bus }));
      for (const child of children) await parent.addAgent(child);
      await until(() => children.every(({ ready }) => ready));
      await Promise.all([runner.bus.send(end("x")), runner.bus.send(message("parent")), runner.bus.send(end("y"))]);
      await parent.wait();
      await turns(1);
      expect([runner.agents, running.errors]).toEqual([[], []]);
    }
  });

  it("takes the child with it that it had only just added", async () => {
    for (const message of [end, cancel]) {
      await using running = await Running.with(plain("parent"), { shutdownTimeoutMs: 200 });
      const { runner } = running;
      const parent = runner.getAgent("parent") as BaseAgent;
      const child = new BaseAgent("child", { bus: runner.bus });
      void runner.bus.send(message("parent"));
      await parent.addAgent(child);
      await parent.wait();
      await turns();
      expect(runner.agents).toEqual([]);
      await parent.addAgent(new BaseAgent("too late", { bus: runner.bus }));
      await turns();
      expect([runner.agents, runner.registry.watchedAgents, running.errors]).toEqual([[], [], []]);
    }
  });

  it("K37: frees its name at once, for an agent of that name that others then know", async () => {
    const bus = new LocalBus();
    await using one = await Running.with(plain("keeper"), { bus, name: "one" });
    await using two = await Running.with(plain("b"), { bus, name: "two" });
    for (let life = 0; life < 10; life++) {
      const agent = new BaseAgent("guest", { bus });
      await one.runner.addAgent(agent);
      await until(() => agent.ready);
      await bus.send(cancel("guest"));
      await agent.wait();
    }
    const last = new BaseAgent("guest", { bus });
    await one.runner.addAgent(last);
    await until(() => last.ready);
    await turns();
    expect(two.runner.registry.get("guest")?.startedAt).toBe(last.startedAt);
    expect(one.errors).toEqual([]);
  });

  it("K33: fifty children leave nothing behind in their parent", async () => {
    await using running = await Running.with(plain("parent"));
    const { runner } = running;
    const parent = runner.getAgent("parent") as BaseAgent;
    const gone: string[] = [];
    parent.on("agentGone", ({ agentName }) => void gone.push(agentName));
    for (let life = 0; life < 50; life++) {
      const child = new BaseAgent(`child ${life}`, { bus: runner.bus });
      await parent.addAgent(child);
      await until(() => child.ready);
      await runner.bus.send(end(child.name));
      await child.wait();
    }
    await turns(1);
    expect(gone).toHaveLength(50);
    expect([parent.children, runner.registry.watchedAgents]).toEqual([[], []]);
  });

  it("an agent of another runner with a child's name does not take the child away when it goes", async () => {
    const bus = new LocalBus();
    await using one = await Running.with(plain("parent"), { bus, name: "one" });
    const parent = one.runner.getAgent("parent") as BaseAgent;
    const child = new BaseAgent("child", { bus });
    await parent.addAgent(child);
    await until(() => child.ready);
    one.runner.registry.register({ agentName: "child", runner: "elsewhere", active: true, bridged: false });
    one.runner.registry.unregister("child", "elsewhere");
    expect(parent.children).toEqual([child]);
    await one.runner.end();
    await one.finished;
    expect(one.errors).toEqual([]);
  });

  it("an agent object is added once", async () => {
    await using running = await Running.with(plain("a", "b"));
    const [a, b] = running.runner.agents as [BaseAgent, BaseAgent];
    await expect(a.addAgent(b)).rejects.toMatchObject({ code: "TL_AGENT_ADDED_TWICE" });
    expect(b.parent).toBeUndefined();
  });
});

describe("what hangs", () => {
  it("a hook that never ends: a graceful end is cut short and names the agent; finished is told all the same", async () => {
    class Hangs extends BaseAgent {
      override onReady() {
        return never();
      }
    }
    let finished = 0;
    await using running = await Running.with(
      ({ bus }) => {
        const agent = new Hangs("hangs", { bus });
        agent.on("finished", () => {
          finished += 1;
        });
        return [agent];
      },
      { shutdownTimeoutMs: 50 },
    );
    await running.runner.end();
    await running.finished;
    expect(running.errors).toMatchObject([{ code: "TL_SHUTDOWN_LATE", message: expect.stringContaining('"hangs"') }]);
    expect(finished).toBe(1);
  });

  it("a system handler that never ends: the cancel cannot be heard, so the agent is cut off and named", async () => {
    class Poke extends BusSystemMessage {}
    class Deaf extends BaseAgent {
      override onBusMessage(message: BusMessage) {
        return message instanceof Poke ? never() : super.onBusMessage(message);
      }
    }
    await using running = await Running.with(({ bus }) => [new Deaf("deaf", { bus })]);
    const agent = running.runner.getAgent("deaf") as Deaf;
    await running.runner.bus.send(new Poke({ source: "test", target: "deaf" }));
    await turns();
    await running.runner.cancel();
    await running.finished;
    expect(agent.state).toBe("ended");
    expect(running.runner.bus.subscriptions).toEqual([]);
    expect(running.errors).toMatchObject([{ code: "TL_SHUTDOWN_LATE", message: expect.stringContaining('"deaf"') }]);
  });

  it("a cancel fires the signals of tasks at once, before a pipeline that hangs is given up", async () => {
    class Worker extends BaseAgent {
      signal: AbortSignal | undefined;
      override tasks = {
        default: async (task: { signal: AbortSignal }) => {
          this.signal = task.signal;
          await never();
        },
      };
      override buildPipeline() {
        return new Pipeline([
          new (class extends FrameProcessor {
            override process(frame: Frame, direction: FrameDirection) {
              return frame instanceof StartFrame ? this.push(frame, direction) : never();
            }
          })(),
        ]);
      }
    }
    await using running = await Running.with(({ bus }) => [
      new Worker("worker", { bus }),
      new BaseAgent("asks", { bus }),
    ]);
    const worker = running.runner.getAgent("worker") as Worker;
    const run = (running.runner.getAgent("asks") as BaseAgent).task("worker", { payload: 1 });
    await until(() => worker.signal !== undefined);
    await running.runner.bus.send(cancel("worker"));
    await expect(run).rejects.toMatchObject({ status: "cancelled", reason: "agent ended" });
    expect([worker.signal?.aborted, running.runner.getAgent("worker")]).toEqual([true, worker]);
    await worker.wait();
  });

  it("K21: tasks for a local agent that is removed fail, also beside a registry handler that never ends", async () => {
    await using running = await Running.with(({ bus, registry }) => {
      registry.on("agentGone", never);
      const worker = new BaseAgent("worker", { bus });
      worker.on("taskRequest", () => {});
      return [worker, new BaseAgent("asks", { bus })];
    });
    const { runner } = running;
    const worker = runner.getAgent("worker") as BaseAgent;
    const asks = runner.getAgent("asks") as BaseAgent;
    const run = asks.task("worker");
    await until(() => worker.activeTasks.size === 1);
    await runner.bus.send(end("worker"));
    await worker.wait();
    await expect(run).rejects.toMatchObject({ name: "TaskError" });
    const late = asks.task("worker", { timeoutMs: 20 });
    await expect(late).rejects.toMatchObject({ reason: "not ready" });
    expect([asks.taskGroups.size, runner.registry.watchedAgents]).toEqual([0, []]);
  });

  it("a requester that is gone: its tasks' signals fire and nobody is answered", async () => {
    let signal: AbortSignal | undefined;
    await using running = await Running.with(({ bus }) => {
      const worker = new BaseAgent("worker", { bus });
      worker.on("taskRequest", (task) => {
        signal = task.signal;
      });
      return [worker, new BaseAgent("asks", { bus })];
    });
    const run = (running.runner.getAgent("asks") as BaseAgent).task("worker");
    await until(() => signal !== undefined);
    await running.runner.bus.send(cancel("asks"));
    await until(() => signal?.aborted === true);
    await expect(run).rejects.toMatchObject({ status: "cancelled" });
    expect((running.runner.getAgent("worker") as BaseAgent).activeTasks.size).toBe(0);
  });
});

describe("what comes early or late", () => {
  it("system messages that came before the start are handled one at a time, in order, ahead of later ones", async () => {
    class Step extends BusSystemMessage {
      readonly step: number;
      constructor(step: number) {
        super({ source: "test", target: "a" });
        this.step = step;
      }
    }
    const log: string[] = [];
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    class Slow extends BaseAgent {
      override async onBusMessage(message: BusMessage) {
        if (!(message instanceof Step)) return super.onBusMessage(message);
        log.push(`begin ${message.step}`);
        await held;
        log.push(`end ${message.step}`);
      }
    }
    const runner = new AgentRunner({ handleSigint: false });
    const agent = new Slow("a", { bus: runner.bus });
    await runner.addAgent(agent);
    for (const step of [1, 2]) await runner.bus.send(new Step(step));
    await turns();
    const run = runner.run();
    await until(() => log.length > 0);
    await runner.bus.send(new Step(3));
    await turns();
    goOn();
    await until(() => log.length === 6);
    expect(log).toEqual([1, 2, 3].flatMap((step) => [`begin ${step}`, `end ${step}`]));
    await runner.end();
    await run;
  });

  it("a hook that another one asks for in the same breath follows it", async () => {
    const log: string[] = [];
    class Eager extends BaseAgent {
      override async onReady() {
        void this.runHook(() => void log.push("second"));
        log.push("first begins");
        await turns(1);
        log.push("first ends");
      }
    }
    await using running = await Running.with(({ bus }) => [new Eager("eager", { bus })]);
    await until(() => log.length === 3);
    expect(log).toEqual(["first begins", "first ends", "second"]);
    expect(running.errors).toEqual([]);
  });

  it("a frame for an agent that has ended, or was cancelled at its start, is refused with the reason", async () => {
    class Never extends BaseAgent {
      override async buildPipeline() {
        await never();
        return undefined;
      }
    }
    const runner = new AgentRunner({ handleSigint: false });
    const agent = new Never("never", { bus: runner.bus });
    await runner.addAgent(agent);
    const run = runner.run();
    const queued = agent.queueFrame(new TextFrame({ text: "x" }));
    const refused = expect(queued).rejects.toMatchObject({ code: "TL_PIPELINE_ENDED" });
    await turns();
    await runner.cancel();
    await Promise.all([run, refused]);
  });

  it("processors that were built when the cancel came are cleaned up", async () => {
    let cleanedUp = 0;
    let built = () => {};
    const building = new Promise<void>((resolve) => {
      built = resolve;
    });
    class Late extends BaseAgent {
      override async buildPipeline() {
        await building;
        return new Pipeline([
          new (class extends FrameProcessor {
            override cleanup() {
              cleanedUp += 1;
            }
          })(),
        ]);
      }
    }
    const runner = new AgentRunner({ handleSigint: false });
    await runner.addAgent(new Late("late", { bus: runner.bus }));
    const run = runner.run();
    await turns();
    await runner.cancel();
    await run;
    built();
    await until(() => cleanedUp === 1);
  });

  it("without a listener for errors they are printed, once, and nothing is an unhandled rejection", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const runner = new AgentRunner({ handleSigint: false });
    class Fails extends BaseAgent {
      override async onReady() {
        throw new Error("ouch");
      }
    }
    await runner.addAgent(new Fails("fails", { bus: runner.bus }));
    const run = runner.run();
    await until(() => printed.mock.calls.length > 0);
    await runner.bus.send(new BusAgentLocalErrorMessage({ source: "x", target: "fails", error: "y" }));
    await runner.end();
    await run;
    await turns();
    expect([printed.mock.calls.length, unhandled.mock.calls.length]).toEqual([1, 0]);
    process.off("unhandledRejection", unhandled);
    printed.mockRestore();
  });

  it("end() of a child is a broadcast to the runner with its name and reason, not a message to its parent", async () => {
    await using running = await Running.with(plain("parent"));
    const recording = await Recording.of(running.runner.bus);
    const child = new BaseAgent("child", { bus: running.runner.bus });
    await (running.runner.getAgent("parent") as BaseAgent).addAgent(child);
    await until(() => child.ready);
    await child.end({ reason: "enough" });
    await running.finished;
    expect(recording.all(BusEndMessage)).toMatchObject([{ source: "child", target: undefined, reason: "enough" }]);
  });
});
