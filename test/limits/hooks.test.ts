import {
  AgentRunner,
  BaseAgent,
  BusActivateAgentMessage,
  BusAgentErrorMessage,
  BusAgentGoneMessage,
  BusAgentReadyMessage,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";
import { Peer } from "./peer.ts";

const most = 256;

/** A hook that notes what it was given, and waits until it may go on. */
class Hanging<T> {
  readonly heard: T[] = [];
  release = () => {};
  #released = Promise.resolve();

  constructor() {
    this.hold();
  }

  hold(): void {
    this.#released = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  readonly hook = async (given: T): Promise<void> => {
    this.heard.push(given);
    await this.#released;
  };
}

const full = (errors: readonly unknown[]) =>
  errors.filter((error) => (error as { code?: unknown }).code === "TL_QUEUE_FULL");

describe("hooks that wait behind one that hangs", () => {
  it("calls of a hook that wait: the latest 256 activations of a peer are kept, and one error says that others went", async () => {
    await using peer = await Peer.joined();
    const hanging = new Hanging<{ readonly n?: unknown } | undefined>();
    const { heard, hook } = hanging;
    await until(() => peer.slow.active, "it being active from the start");
    peer.slow.onActivated = hook;
    for (let n = 0; n < 2_000; n++) {
      peer.say(new BusActivateAgentMessage({ source: "acme", target: "slow", args: { n, x: "y".repeat(1_000) } }));
      if (n % 100 === 0) await turns(3);
    }
    await until(() => peer.slow.activationArgs?.n === 1_999, "the last word counting at once");
    expect(full(peer.errors)).toMatchObject([{ agentName: "slow", message: expect.stringContaining("activation") }]);
    hanging.release();
    await until(() => heard.at(-1)?.n === 1_999, "the last one being told");
    const expected = [0, ...Array.from({ length: most }, (_, index) => 2_000 - most + index)];
    expect(heard.map((args) => args?.n)).toEqual(expected);
  });

  it("bytes of calls that wait: large ones make room at 4 MiB, and the last is kept, whatever its size", async () => {
    await using peer = await Peer.joined();
    const hanging = new Hanging<{ readonly n?: unknown } | undefined>();
    const { heard, hook } = hanging;
    peer.slow.onActivated = hook;
    const activate = async (args: Readonly<Record<string, unknown>>) => {
      peer.say(new BusActivateAgentMessage({ source: "acme", target: "slow", args }));
      await until(() => peer.slow.activationArgs?.n === args.n, "it being let in");
    };
    const large = (n: number) => ({ n, text: "y".repeat(500_000), [`key${"k".repeat(100_000)}`]: 1 });
    const told = () => heard.splice(0).map((args) => args?.n);
    for (let n = 0; n < 40; n++) await activate(large(n));
    hanging.release();
    await until(() => heard.at(-1)?.n === 39, "the last one being told");
    expect(told()).toEqual([0, 34, 35, 36, 37, 38, 39]);
    expect(full(peer.errors)).toHaveLength(1);
    await turns();
    hanging.hold();
    for (const n of [40, 41]) await activate(large(n));
    // Small as text, large as objects.
    await activate({ n: 42, lists: Array.from({ length: 300_000 }, () => []) });
    hanging.release();
    await until(() => heard.at(-1)?.n === 42, "the last one being told");
    expect(told()).toEqual([40, 42]);
  });

  it("are bounded for agents that come and go, each by itself: nobody crowds out what is said of another", async () => {
    await using peer = await Peer.joined();
    const { bus } = peer.runner;
    const hanging = new Hanging<string>();
    const { heard, hook } = hanging;
    peer.slow.onAgentReady = ({ agentName }) => hook(`${agentName} ready`);
    peer.slow.onAgentGone = ({ agentName }) => hook(`${agentName} gone`);
    const others = Array.from({ length: 1_000 }, (_, n) => `other${n}`);
    for (const name of ["acme", ...others]) await peer.slow.watchAgent(name);
    for (const source of others)
      await bus.send(new BusAgentReadyMessage({ source, runner: "far", active: true, bridged: false }));
    await bus.idle();
    const of = { source: "acme", runner: "theirs" };
    for (let n = 0; n < 1_000; n++) {
      peer.say(new BusAgentReadyMessage({ ...of, active: true, bridged: false }));
      peer.say(new BusAgentGoneMessage({ ...of, agents: ["acme"], reason: `${n}` }));
      if (n % 100 === 0) await turns(3);
    }
    peer.ask({ taskId: "behind it all", taskName: "double", payload: { n: 1 } });
    await peer.answerTo("behind it all");
    await bus.idle();
    hanging.release();
    await until(() => heard.length === 1_000 + most, "all that was kept being told");
    await turns();
    expect(new Set(heard.filter((what) => what.startsWith("other"))).size).toBe(1_000);
    expect(heard.at(-1)).toBe("acme gone");
    expect(full(peer.errors)).toMatchObject([{ message: expect.stringContaining('"acme"') }]);
  });

  it("are bounded for errors of others, and are said again once there was room", async () => {
    const hanging = new Hanging<string>();
    const { heard, hook } = hanging;
    class Listening extends BaseAgent {
      override onAgentError = ({ error }: { readonly error: string }) => hook(error);
    }
    await using session = await Running.with(({ bus }) => [new Listening("listening", { bus })]);
    const { bus } = session.runner;
    const complain = async (times: number) => {
      for (let n = 0; n < times; n++) await bus.send(new BusAgentErrorMessage({ source: "far", error: `${n}` }));
      await bus.idle();
    };
    await complain(1_000);
    hanging.release();
    await until(() => heard.length === 1 + most, "what was kept being told");
    expect(heard.slice(0, 2)).toEqual(["0", `${1_000 - most}`]);
    expect(full(session.errors)).toHaveLength(1);
    await turns();
    hanging.hold();
    await complain(1_000);
    expect(full(session.errors)).toHaveLength(2);
    hanging.release();
  });

  it("keep nothing else from coming: a hook that asks for work has its answer with 1,000 activations behind it", async () => {
    const runner = new AgentRunner({ handleSigint: false });
    const { bus } = runner;
    const answers: unknown[] = [];
    class Asking extends BaseAgent {
      override tasks = { double: (task: { readonly payload: unknown }) => Number(task.payload) * 2 };
      override async onReady(): Promise<void> {
        for (let n = 0; n < 1_000; n++)
          await bus.send(new BusActivateAgentMessage({ source: "far", target: "asking" }));
        answers.push(await this.task("asking", { name: "double", payload: 21 }));
      }
    }
    runner.on("error", () => {});
    await runner.addAgent(new Asking("asking", { bus }));
    const run = runner.run();
    await until(() => answers.length === 1, "the answer");
    expect(answers).toEqual([42]);
    await runner.cancel();
    await run;
  });
});
