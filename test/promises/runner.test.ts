import {
  AgentRunner,
  BaseAgent,
  BusAddAgentMessage,
  BusAgentReadyMessage,
  BusAgentRegistryMessage,
  type BusMessage,
  BusRunnerHeartbeatMessage,
  BusSystemMessage,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LocalBus,
  Pipeline,
  TextFrame,
  WebSocketProxyClientAgent,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";

const plain = (name: string) => (runner: AgentRunner) => [new BaseAgent(name, { bus: runner.bus })];

describe("Runner", () => {
  it('"run() starts bus and agents, then fires ready"', async () => {
    const steps: string[] = [];
    class NotingBus extends LocalBus {
      override async start() {
        steps.push("bus");
        await super.start();
      }
    }
    const runner = new AgentRunner({ handleSigint: false, bus: new NotingBus() });
    const agents = ["a", "b"].map((name) => new BaseAgent(name, { bus: runner.bus }));
    for (const agent of agents) await runner.addAgent(agent);
    runner.on("ready", () => void steps.push(...agents.map(({ name, state }) => `${name} ${state}`), "ready"));
    expect(steps).toEqual([]);
    const run = runner.run();
    await until(() => steps.includes("ready"));
    expect(steps).toEqual(["bus", "a ready", "b ready", "ready"]);
    await runner.end();
    await run;
  });

  it('"An add message on the bus adds the agent while running"', async () => {
    await using running = await Running.with(plain("a"));
    const { runner } = running;
    const agent = new BaseAgent("added", { bus: runner.bus });
    await runner.bus.send(new BusAddAgentMessage({ source: "a", agent }));
    await until(() => agent.ready);
    expect(runner.getAgent("added")).toBe(agent);
  });

  it('"An unknown or remote name looks up to nothing"', async () => {
    const bus = new LocalBus();
    await using one = await Running.with(() => [new BaseAgent("a", { bus })], { bus, name: "one" });
    await using two = await Running.with(() => [new BaseAgent("b", { bus })], { bus, name: "two" });
    await until(() => one.runner.registry.has("b"));
    expect([one.runner.getAgent("b"), one.runner.getAgent("c")]).toEqual([undefined, undefined]);
    expect(two.runner.getAgent("b")?.name).toBe("b");
  });

  it('"A worker can reach its runner once added": what the runner knows, and its name', async () => {
    await using running = await Running.with(plain("a"));
    const { runner } = running;
    const agent = runner.getAgent("a");
    expect(agent?.registry).toBe(runner.registry);
    expect(agent?.registry.runnerName).toBe(runner.name);
  });

  it('"A processor can reach a peer worker by name", through the agent that builds it', async () => {
    const answers: unknown[] = [];
    class Asks extends FrameProcessor {
      readonly agent: BaseAgent;
      constructor(agent: BaseAgent) {
        super();
        this.agent = agent;
      }
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) answers.push(await this.agent.task("peer", { payload: frame.text }));
        await this.push(frame, direction);
      }
    }
    class Asking extends BaseAgent {
      override buildPipeline() {
        return new Pipeline([new Asks(this)]);
      }
    }
    class Peer extends BaseAgent {
      override tasks = { default: ({ payload }: { readonly payload: string }) => payload.toUpperCase() };
    }
    await using running = await Running.with(({ bus }) => [new Asking("a", { bus }), new Peer("peer", { bus })]);
    await running.runner.getAgent("a")?.queueFrame(new TextFrame({ text: "hello" }));
    await until(() => answers.length === 1);
    expect(answers).toEqual(["HELLO"]);
  });
});

describe("a runner elsewhere", () => {
  it("K39: that comes back without having said goodbye is seen to have come back", async () => {
    await using running = await Running.with(plain("a"));
    const { runner } = running;
    const seen: string[] = [];
    runner.registry.on("agentReady", ({ agentName, startedAt }) => void seen.push(`${agentName} ${startedAt}`));
    runner.registry.on("agentGone", ({ agentName, reason }) => void seen.push(`${agentName} ${reason}`));
    const life = { source: "far", runner: "elsewhere", active: true, bridged: false };
    for (const startedAt of [1, 1, 2]) await runner.bus.send(new BusAgentReadyMessage({ ...life, startedAt }));
    await until(() => seen.length >= 3);
    expect(seen).toEqual(["far 1", "far restarted", "far 2"]);
  });

  it("K39: that comes back with fewer agents no longer has the others, and what they were asked for fails", async () => {
    await using running = await Running.with(plain("a"));
    const { bus, registry } = running.runner;
    const life = { runner: "elsewhere", active: true, bridged: false };
    const greeting = () =>
      bus.send(new BusAgentRegistryMessage({ source: "elsewhere", runner: "elsewhere", agents: [] }));
    await greeting();
    for (const source of ["kept", "left"]) await bus.send(new BusAgentReadyMessage({ ...life, source, startedAt: 1 }));
    await until(() => registry.has("left"));
    const open = running.runner.getAgent("a")?.task("left");
    await greeting();
    await bus.send(new BusAgentReadyMessage({ ...life, source: "kept", startedAt: 2 }));
    await expect(open).rejects.toMatchObject({ agentName: "left", reason: "restarted" });
    await until(() => registry.has("kept"));
    expect(registry.remoteAgents).toEqual(["kept"]);
  });

  it("K39: of a name that another one has too takes nothing from it for good", async () => {
    class SharedBus extends LocalBus {
      override readonly shared = true;
    }
    const bus = new SharedBus();
    await using near = await Running.with(() => [new BaseAgent("a", { bus })], { bus, name: "near" });
    // Two processes whose operator gave them one name; on one bus here, they would be one subscriber.
    const first = { name: "twin, the first", onBusMessage: (message: BusMessage) => told(message) };
    const told = async (message: BusMessage) => {
      if (!(message instanceof BusRunnerHeartbeatMessage && message.target === "twin")) return;
      const agents = [{ name: "far", active: true, bridged: false }];
      await bus.send(new BusAgentRegistryMessage({ source: "twin", target: "near", runner: "twin", agents }));
    };
    await bus.subscribe(first, { address: "twin" });
    await bus.send(new BusAgentReadyMessage({ source: "far", runner: "twin", active: true, bridged: false }));
    await until(() => near.runner.registry.has("far"));
    const seen: string[] = [];
    near.runner.registry.on("agentGone", () => void seen.push("gone"));
    near.runner.registry.on("agentReady", () => void seen.push("ready"));
    await bus.send(new BusAgentRegistryMessage({ source: "twin", runner: "twin", agents: [] }));
    await until(() => seen.length === 2);
    expect(seen).toEqual(["gone", "ready"]);
  });
});

describe("a proxy that connects", () => {
  class Note extends BusSystemMessage {}

  it("K46: keeps no message waiting, its own neither, however long the server takes", async () => {
    const seen: string[] = [];
    class Noting extends WebSocketProxyClientAgent {
      override onBusMessage(message: BusMessage) {
        if (message instanceof Note) seen.push(message.source);
        return super.onBusMessage(message);
      }
    }
    let dialing = false;
    const dial = () => {
      dialing = true;
      return new Promise(() => {});
    };
    await using running = await Running.with(({ bus }) => [
      new BaseAgent("acme", { bus }),
      new Noting("proxy", { bus, url: "ws://127.0.0.1:9/", localAgentName: "acme", remoteAgentName: "far", dial }),
    ]);
    const { bus } = running.runner;
    const proxy = running.runner.getAgent("proxy") as Noting;
    await running.runner.getAgent("acme")?.activateAgent("proxy");
    await until(() => dialing && proxy.active);
    await bus.send(new Note({ source: "acme", target: "proxy" }));
    await until(() => seen.length === 1);
    proxy.on("deactivated", () => void seen.push("deactivated"));
    await running.runner.getAgent("acme")?.deactivateAgent("proxy");
    await until(() => seen.length === 2);
    expect(running.errors).toEqual([]);
  });
});
