import { promisify } from "node:util";
import {
  BaseAgent,
  type BaseAgentOptions,
  BusDataMessage,
  type BusMessage,
  BusTaskRequestMessage,
  LocalBus,
  type TaskRequest,
  TrunklineError,
} from "trunkline";
import { harness, RecordingSubscriber, withHarness } from "trunkline/testing";
import { afterEach, describe, expect, expectTypeOf, it } from "vitest";

class Doubler extends BaseAgent {
  override tasks = {
    double: async ({ payload }: TaskRequest<{ n: number }>) => ({ doubled: payload.n * 2 }),
    fail: () => {
      throw new Error("no");
    },
  };
}

/** Fails at every data message, loudly. */
class Clumsy extends BaseAgent {
  override async onBusMessage(message: BusMessage) {
    await super.onBusMessage(message);
    if (message instanceof BusDataMessage && message.source === "test") throw new Error("dropped it");
  }
}

const asked = new BusDataMessage({ source: "test" });
const failed = (message: RegExp | string) =>
  expect.objectContaining({
    code: "TL_TEST_FAILED",
    message: typeof message === "string" ? message : expect.stringMatching(message),
  });

describe("a session harness", () => {
  it("runs agents that are ready, typed as they were built, and ends them with the test", async () => {
    let doubler!: Doubler;
    {
      await using h = await harness({
        agents: (bus) => [new BaseAgent("acme", { bus }), new Doubler("doubler", { bus })],
      });
      const [acme] = h.agents;
      doubler = h.agents[1];
      expectTypeOf(h.agents[1]).toEqualTypeOf<Doubler>();
      expect([acme.ready, doubler.ready]).toEqual([true, true]);
      expect(await acme.task("doubler", { name: "double", payload: { n: 21 } })).toEqual({ doubled: 42 });
      expect(h.recording.messages(BusTaskRequestMessage)).toMatchObject([{ source: "acme", target: "doubler" }]);
      expect(h.errors).toEqual([]);
    }
    expect(doubler.state).toBe("ended");
  });

  it("takes a bus, a name, and agents that take their time to build", async () => {
    const bus = new LocalBus();
    await using h = await harness({ bus, name: "mine", agents: async (its) => [new BaseAgent("a", { bus: its })] });
    expect([h.bus, h.runner.name]).toEqual([bus, "mine"]);
  });

  it("does not mind an agent that ended everything itself", async () => {
    await using h = await harness({ agents: (bus) => [new BaseAgent("a", { bus })] });
    await h.agents[0].end();
    await h.finished;
  });

  it("waits for an error that is expected, and takes it for what it is", async () => {
    await using h = await harness({ agents: (bus) => [new Clumsy("clumsy", { bus })] });
    h.expectError(/dropped/);
    h.expectError(({ code }) => code === "TL_HANDLER_FAILED");
    const coming = h.waitForError("TL_HANDLER_FAILED");
    await h.bus.send(asked);
    expect(await coming).toMatchObject({ code: "TL_HANDLER_FAILED" });
  });

  it("throws once: what end() has thrown, the scope does not throw again", async () => {
    const caught = async () => {
      await using h = await harness({ agents: (bus) => [new BaseAgent("a", { bus })] });
      h.expectError("TL_QUEUE_FULL");
      await expect(h.end()).rejects.toThrow(failed("An error TL_QUEUE_FULL was expected and did not come."));
      expect(h.end()).toBe(h.end());
    };
    await expect(caught()).resolves.toBeUndefined();
  });
});

describe("a session harness fails the test", () => {
  const timers: ReturnType<typeof setTimeout>[] = [];
  afterEach(() => {
    for (const timer of timers.splice(0)) clearTimeout(timer);
  });

  const one = (options: Partial<BaseAgentOptions> = {}) => ({
    agents: (bus: BaseAgentOptions["bus"]) => [new BaseAgent("a", { bus, ...options })] as const,
  });

  it("for an error that nobody expected, with that error as its cause", async () => {
    const h = await harness({ agents: (bus) => [new Clumsy("clumsy", { bus })] });
    await h.bus.send(asked);
    const error = await h.end().catch((thrown: unknown) => thrown);
    expect(error).toEqual(failed(/^Nobody expected this error: TL_HANDLER_FAILED \(.*dropped it\)\.$/));
    expect(error).toMatchObject({ cause: { code: "TL_HANDLER_FAILED" } });
    expect(error).toBeInstanceOf(TrunklineError);
  });

  it("for several, with all of them, and beside one that was expected", async () => {
    const h = await harness({ agents: (bus) => [new Clumsy("clumsy", { bus }), new Clumsy("other", { bus })] });
    h.expectError("TL_QUEUE_FULL");
    await h.bus.send(asked);
    const error = (await h.end().catch((thrown: unknown) => thrown)) as Error;
    expect(error.message.match(/Nobody expected/g)).toHaveLength(2);
    expect(error.message).toContain("TL_QUEUE_FULL was expected and did not come");
    expect(error.cause).toBeInstanceOf(AggregateError);
  });

  it("for an agent that does not end, by its name", async () => {
    class Stubborn extends BaseAgent {
      override onFinished() {
        return new Promise<void>(() => {});
      }
    }
    const h = await harness({ endWithinMs: 10, agents: (bus) => [new Stubborn("stubborn", { bus })] });
    await expect(h.end()).rejects.toThrow(failed(/TL_SHUTDOWN_LATE \(After 10 ms .*"stubborn"/));
  });

  it("for somebody who still subscribes", async () => {
    const h = await harness(one());
    const left = await RecordingSubscriber.on(h.bus, "left");
    await expect(h.end()).rejects.toThrow(failed('These still subscribe to the bus: "left".'));
    await left.end();
  });

  it("but not for somebody who did before", async () => {
    const bus = new LocalBus();
    await using _ = await RecordingSubscriber.on(bus, "outer");
    await (await harness({ ...one(), bus })).end();
  });

  it("for somebody who still watches", async () => {
    const h = await harness(one());
    h.runner.registry.watch("nobody", () => {});
    await expect(h.end()).rejects.toThrow(failed('Somebody still watches for these agents: "nobody".'));
  });

  it("for a timer that still runs, and says where it was started, unless it is told not to look", async () => {
    const leak = () => timers.push(setTimeout(() => {}, 60_000));
    const h = await harness(one());
    leak();
    await expect(h.end()).rejects.toThrow(
      failed(/^A timer still runs that was started at leak .*session-harness\.test\.ts/),
    );
    const other = await harness(one());
    timers.push(setInterval(() => {}, 60_000));
    await expect(other.end()).rejects.toThrow(failed(/^A timer still runs/));
    const blind = await harness({ ...one(), checkTimers: false });
    leak();
    await blind.end();
  });

  it("but not for timers that ran before, are cleared or closed, end in a moment or keep nobody waiting", async () => {
    timers.push(setTimeout(() => {}, 60_000));
    await using _ = await harness(one());
    setTimeout(() => {}, 30);
    const soon = setTimeout(() => {}, 60_000);
    setTimeout(() => clearTimeout(soon), 20);
    clearTimeout(setTimeout(() => {}, 60_000));
    clearTimeout(Number(setTimeout(() => {}, 60_000)));
    clearInterval(setInterval(() => {}, 60_000));
    setTimeout(() => {}, 60_000).close();
    timers.push(setTimeout(() => {}, 60_000).unref());
  });

  it("for agents that are not ready in time, and leaves nothing of them", async () => {
    class Slow extends BaseAgent {
      override buildPipeline() {
        return new Promise<undefined>(() => {});
      }
    }
    const bus = new LocalBus();
    const agents = () => [new Slow("slow", { bus }), new BaseAgent("quick", { bus })];
    await expect(harness({ bus, readyWithinMs: 10, agents })).rejects.toThrow(
      failed('After 10 ms these agents were not ready: "slow".'),
    );
    expect(bus.subscriptions).toEqual([]);
  });

  it("for what building or adding the agents throws, and leaves nothing of them", async () => {
    const bus = new LocalBus();
    const build = () => {
      throw new Error("no such agent");
    };
    await expect(harness({ bus, agents: build })).rejects.toThrow("no such agent");
    const foreign = () => [new BaseAgent("a", { bus }), new BaseAgent("b", { bus: new LocalBus() })];
    await expect(harness({ bus, agents: foreign })).rejects.toMatchObject({ code: "TL_INVALID_OPTION" });
    expect(bus.subscriptions).toEqual([]);
  });

  it("for an error that did not come in time", async () => {
    const h = await harness(one());
    await expect(h.waitForError("TL_QUEUE_FULL", { timeoutMs: 1 })).rejects.toThrow(
      failed("An error TL_QUEUE_FULL did not come within 1 ms. Nothing came."),
    );
    // Told once; the end does not hide it behind a second error.
    await h.end();
  });

  it("for a bus that does not start, and leaves everything as it was", async () => {
    class Broken extends LocalBus {
      override start(): Promise<void> {
        return Promise.reject(new Error("no network"));
      }
    }
    const { setTimeout: original } = globalThis;
    const bus = new Broken();
    await expect(harness({ ...one(), bus })).rejects.toThrow("no network");
    expect(bus.subscriptions).toEqual([]);
    expect(globalThis.setTimeout).toBe(original);
  });

  it("for a bus that does not stop", async () => {
    class Stuck extends LocalBus {
      override stop(): Promise<void> {
        return Promise.reject(new Error("stuck"));
      }
    }
    const h = await harness({ ...one(), bus: new Stuck() });
    await expect(h.end()).rejects.toThrow(failed(/The runner failed: .*stuck/));
  });
});

describe("the body of a test with a harness", () => {
  const one = () => harness({ agents: (bus) => [new Clumsy("clumsy", { bus })] });

  it("gives what it gives, and the harness ends after it", async () => {
    const agent = await withHarness(one(), (h) => h.agents[0]);
    expect(agent.state).toBe("ended");
  });

  it("fails with its own error, with that of the harness, or with both", async () => {
    let agent: BaseAgent | undefined;
    const own = withHarness(one(), async (h) => {
      [agent] = h.agents;
      throw new Error("mine");
    });
    await expect(own).rejects.toThrow(expect.objectContaining({ message: "mine" }));
    expect(agent?.state).toBe("ended");
    await expect(withHarness(one(), (h) => h.bus.send(asked))).rejects.toThrow(failed(/dropped it/));
    const both = withHarness(one(), async (h) => {
      await h.bus.send(asked);
      await h.recording.waitFor(BusTaskRequestMessage, { timeoutMs: 1 });
    });
    const error = await both.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({ message: expect.stringMatching(/did not come within 1 ms(.|\n)*dropped it/) });
  });
});

describe("the watch for timers", () => {
  it("leaves the global functions as it found them, also when harnesses overlap", async () => {
    const { setTimeout: original } = globalThis;
    const one = { agents: () => [] };
    const first = await harness(one);
    const second = await harness(one);
    expect(globalThis.setTimeout).not.toBe(original);
    await second.end();
    await first.end();
    expect(globalThis.setTimeout).toBe(original);
  });

  it("lets timers do what they do", async () => {
    await using _ = await harness({ agents: () => [] });
    expect(await new Promise((resolve) => setTimeout(resolve, 1, "a"))).toBe("a");
    expect(await promisify(setTimeout)(1, "b")).toBe("b");
    let count = 0;
    await new Promise<void>((resolve) => {
      const interval = setInterval(() => {
        count += 1;
        if (count < 3) return;
        clearInterval(interval);
        resolve();
      }, 1);
    });
    expect(count).toBe(3);
  });
});
