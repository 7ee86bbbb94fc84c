import {
  type ActivationArgs,
  type AgentBus,
  AgentRunner,
  BaseAgent,
  BusActivateAgentMessage,
  BusDeactivateAgentMessage,
  type BusMessage,
  TrunklineError,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";

class Hooked extends BaseAgent {
  readonly calls: [string, unknown?][] = [];
  override onActivated(args: ActivationArgs | undefined) {
    this.calls.push(["activated", args]);
    return super.onActivated(args);
  }
  override onDeactivated() {
    this.calls.push(["deactivated"]);
    return super.onDeactivated();
  }
}

async function pair() {
  const running = await Running.with(({ bus }) => [new Hooked("a", { bus }), new Hooked("b", { bus, active: false })]);
  const [a, b] = ["a", "b"].map((name) => running.runner.getAgent(name) as Hooked) as [Hooked, Hooked];
  return { running, a, b };
}

describe("activation", () => {
  it("marks active and calls the hook once with the given args, readable while active and cleared after", async () => {
    const { running, a, b } = await pair();
    await using _ = running;
    expect([b.active, b.activationArgs]).toEqual([false, undefined]);
    await a.activateAgent("b", { args: { topic: "boots" } });
    await until(() => b.active);
    expect(b.activationArgs).toEqual({ topic: "boots" });
    await a.deactivateAgent("b");
    await until(() => !b.active);
    expect(b.activationArgs).toBeUndefined();
    expect(b.calls).toEqual([["activated", { topic: "boots" }], ["deactivated"]]);
  });

  it("starting active fires the activated event once started", async () => {
    const { running, a } = await pair();
    await using _ = running;
    await until(() => a.calls.length === 1);
    expect(a.calls).toEqual([["activated", undefined]]);
  });

  it("K42: before the start the last word counts", async () => {
    const runner = new AgentRunner({ handleSigint: false });
    const agent = new Hooked("a", { bus: runner.bus, active: false });
    await runner.addAgent(agent);
    await runner.bus.send(new BusActivateAgentMessage({ source: "test", target: "a" }));
    await runner.bus.send(new BusDeactivateAgentMessage({ source: "test", target: "a" }));
    const run = runner.run();
    await until(() => agent.calls.length === 2);
    expect(agent.active).toBe(false);
    await runner.end();
    await run;
  });

  it("a hook may wait for what the bus brings to its own agent", async () => {
    class Asks extends BaseAgent {
      answer: unknown;
      override tasks = { echo: () => "heard" };
      override async onReady() {
        await super.onReady();
        this.answer = await this.task("asks", { name: "echo" });
      }
    }
    await using running = await Running.with(({ bus }) => [new Asks("asks", { bus })]);
    const agent = running.runner.getAgent("asks") as Asks;
    await until(() => agent.answer === "heard");
  });
});

describe("handoff", () => {
  it("K48: sends exactly one deactivate to itself and then one activate, already inactive at the first", async () => {
    const { running, a, b } = await pair();
    await using _ = running;
    const activeAtSend: boolean[] = [];
    const sends: BusMessage[] = [];
    const send = a.bus.send.bind(a.bus);
    a.bus.send = (message) => {
      if (message instanceof BusActivateAgentMessage || message instanceof BusDeactivateAgentMessage) {
        activeAtSend.push(a.active);
        sends.push(message);
      }
      return send(message);
    };
    await a.handoffTo("b", { activationArgs: { why: "sales" } });
    await until(() => b.active);
    expect(sends.map((message) => [message.constructor.name, message.source, message.target])).toEqual([
      ["BusDeactivateAgentMessage", "a", "a"],
      ["BusActivateAgentMessage", "a", "b"],
    ]);
    expect(activeAtSend).toEqual([false, false]);
    expect([a.active, b.activationArgs]).toEqual([false, { why: "sales" }]);
  });

  it("handing off to yourself leaves you active", async () => {
    const { running, a } = await pair();
    await using _ = running;
    await a.handoffTo("a", { activationArgs: { again: true } });
    await until(() => a.calls.length === 3);
    expect(a.active).toBe(true);
    expect(a.calls.slice(1)).toEqual([["deactivated"], ["activated", { again: true }]]);
  });

  it("K43: handoff to nobody is rejected and the caller stays active", async () => {
    const { running, a } = await pair();
    await using _ = running;
    const recording = await Recording.of(a.bus);
    await expect(a.handoffTo("nobody")).rejects.toMatchObject({ code: "TL_AGENT_UNKNOWN" });
    await turns();
    expect(a.active).toBe(true);
    expect(recording.messages).toEqual([]);
  });

  const refusing = (bus: AgentBus, refuses: (message: BusMessage) => boolean) => {
    const send = bus.send.bind(bus);
    const refused: string[] = [];
    bus.send = (message) => {
      if (!refuses(message)) return send(message);
      refused.push(message.constructor.name);
      return Promise.reject(new TrunklineError("TL_QUEUE_FULL", "no room"));
    };
    return refused;
  };

  it("K43: one that the bus refuses from the start leaves the caller as it was, and nobody is told", async () => {
    const { running, a, b } = await pair();
    await using _ = running;
    await a.activateAgent("a", { args: { topic: "boots" } });
    await until(() => a.activationArgs !== undefined);
    a.calls.length = 0;
    refusing(a.bus, (message) => message instanceof BusDeactivateAgentMessage);
    await expect(a.handoffTo("b")).rejects.toMatchObject({ code: "TL_QUEUE_FULL" });
    await turns();
    expect([a.active, a.activationArgs, b.active, a.calls]).toEqual([true, { topic: "boots" }, false, []]);
  });

  it("K43, K48: one whose target cannot be told makes the caller active again, and the target stays inactive", async () => {
    const { running, a, b } = await pair();
    await using _ = running;
    await until(() => a.calls.length === 1);
    refusing(a.bus, (message) => message instanceof BusActivateAgentMessage && message.target === "b");
    await expect(a.handoffTo("b")).rejects.toMatchObject({ code: "TL_QUEUE_FULL" });
    await until(() => a.active);
    await turns();
    expect([a.active, b.active]).toEqual([true, false]);
    expect(a.calls.slice(1)).toEqual([["deactivated"], ["activated", undefined]]);
  });

  it("K43: one that leaves the caller inactive says so", async () => {
    const { running, a } = await pair();
    await using _ = running;
    refusing(a.bus, (message) => message instanceof BusActivateAgentMessage);
    const failure = a.handoffTo("b");
    await expect(failure).rejects.toMatchObject({ code: "TL_QUEUE_FULL", agentName: "a" });
    await expect(failure).rejects.toThrow(/could not hand off to "b", and is inactive now: no room/);
    await turns();
    expect(a.active).toBe(false);
  });

  it("one that fails does not make an inactive agent active, nor undo what came meanwhile", async () => {
    const { running, a, b } = await pair();
    await using _ = running;
    const refused = refusing(
      a.bus,
      (message) => message instanceof BusDeactivateAgentMessage && message.source === "b",
    );
    await expect(b.handoffTo("a")).rejects.toMatchObject({ code: "TL_QUEUE_FULL" });
    expect([b.active, refused]).toEqual([false, ["BusDeactivateAgentMessage"]]);
    const refusals: ((error: Error) => void)[] = [];
    const send = a.bus.send.bind(a.bus);
    a.bus.send = (message) =>
      message.source === "a" ? new Promise((_resolve, reject) => void refusals.push(reject)) : send(message);
    const failing = a.handoffTo("b");
    await a.bus.send(new BusDeactivateAgentMessage({ source: "test", target: "a" }));
    await until(() => a.calls.some(([call]) => call === "deactivated"));
    refusals[0]?.(new Error("late"));
    await expect(failing).rejects.toThrow("late");
    await turns();
    expect(a.active).toBe(false);
  });
});
