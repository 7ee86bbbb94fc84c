import { type AgentBus, AgentRunner, BaseAgent, BusRunnerHeartbeatMessage, LocalBus } from "trunkline";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Liveness, maxWatchedRunners } from "../../src/runner/liveness.ts";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";

class SharedBus extends LocalBus {
  override readonly shared = true;
}

function beatOf(runner: string, intervalMs: number, target?: string): BusRunnerHeartbeatMessage {
  return new BusRunnerHeartbeatMessage({ source: runner, target, runner, intervalMs });
}

describe("liveness", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
  afterEach(() => void vi.useRealTimers());

  const known = new Set(["far", "farther"]);
  let now = 0;

  /** Time goes by as timers see it; `slept` more is noticed only afterwards. */
  function passes(ms: number, slept = 0): void {
    now += slept;
    for (let gone = 0; gone < ms; gone += 100) {
      now += 100;
      vi.advanceTimersByTime(100);
    }
  }

  function watch(bus: AgentBus = new SharedBus(), intervalMs = 0) {
    now = 0;
    const silent: string[] = [];
    const reported: unknown[] = [];
    const liveness = new Liveness({
      runnerName: "near",
      bus,
      intervalMs,
      knows: (runner) => known.has(runner),
      onSilent: (runner) => void silent.push(runner),
      report: (error) => void reported.push(error),
      now: () => now,
    });
    liveness.start();
    return {
      liveness,
      silent,
      reported,
      hears: (...beat: Parameters<typeof beatOf>) => liveness.heard(beatOf(...beat)),
    };
  }

  it("K40: a runner is silent after two and a half of the intervals it announced, once", () => {
    const { liveness, silent, hears } = watch();
    hears("far", 2_000);
    hears("farther", 4_000);
    passes(5_000);
    expect(silent).toEqual([]);
    passes(500);
    expect(silent).toEqual(["far"]);
    passes(5_000);
    expect(silent).toEqual(["far", "farther"]);
    passes(60_000);
    expect(silent).toHaveLength(2);
    liveness.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("who goes on is not silent, and the interval that was announced last counts", () => {
    const { liveness, silent, hears } = watch();
    for (let beats = 0; beats < 20; beats++) {
      hears("far", 2_000);
      passes(4_000);
    }
    expect(silent).toEqual([]);
    hears("far", 20_000);
    passes(40_000);
    expect(silent).toEqual([]);
    liveness.stop();
  });

  it.each([
    ["0.001", 0.001, 200],
    ["1e300", 1e300, 300_000],
  ])("an interval of %s ms is not taken at its word", (_, announced, bound) => {
    const { liveness, silent, hears } = watch();
    hears("far", announced);
    passes(2 * bound);
    expect(silent).toEqual([]);
    passes(bound + 500);
    expect(silent).toEqual(["far"]);
    liveness.stop();
  });

  it.each([0, -1, Number.NaN])("who announces %s is not watched", (announced) => {
    const { hears } = watch();
    hears("far", announced);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("K40: time that this process slept through counts for nobody", () => {
    const { liveness, silent, hears } = watch();
    hears("far", 2_000);
    passes(4_000);
    passes(500, 3_600_000);
    expect(silent).toEqual([]);
    passes(4_900);
    expect(silent).toEqual([]);
    passes(600);
    expect(silent).toEqual(["far"]);
    liveness.stop();
  });

  it("who is heard again after a silence is asked for its registry, once", async () => {
    const bus = new SharedBus();
    const recording = await Recording.of(bus);
    const { liveness, silent, hears } = watch(bus);
    hears("far", 2_000);
    passes(6_000);
    hears("far", 2_000);
    hears("far", 2_000);
    await bus.idle();
    expect(recording.messages).toEqual([
      new BusRunnerHeartbeatMessage({ source: "near", target: "far", runner: "near", intervalMs: 0 }),
    ]);
    passes(6_000);
    expect(silent).toEqual(["far", "far"]);
    liveness.stop();
  });

  it("who has said goodbye is forgotten, and then there is nothing to look after", () => {
    const { silent, hears } = watch();
    hears("left", 2_000);
    expect(vi.getTimerCount()).toBe(1);
    passes(6_000);
    expect([silent, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it("watches so many runners and no more; the silent make room", () => {
    const { liveness, silent, hears } = watch();
    hears("far", 200);
    passes(1_000);
    for (let i = 1; i < maxWatchedRunners; i++) hears(`stranger-${i}`, 300_000);
    hears("farther", 200);
    passes(1_000);
    expect(silent).toEqual(["far", "farther"]);
    hears(`stranger-${maxWatchedRunners}`, 300_000);
    hears("far", 200);
    passes(1_000);
    expect(silent).toEqual(["far", "farther"]);
    liveness.stop();
  });

  it("says that it lives at once and at each interval, and reports a bus that is away once", async () => {
    class Faltering extends SharedBus {
      away = false;
      override send(message: BusRunnerHeartbeatMessage) {
        return this.away ? Promise.reject(new Error("away")) : super.send(message);
      }
    }
    const bus = new Faltering();
    const recording = await Recording.of(bus);
    const { liveness, reported } = watch(bus, 1_000);
    const beats = async (ms: number) => {
      for (let gone = 0; gone < ms; gone += 1_000) {
        // The one before has been sent.
        await turns();
        passes(1_000);
      }
      await turns();
      return recording.all(BusRunnerHeartbeatMessage).length;
    };
    expect(await beats(3_000)).toBe(4);
    expect(recording.messages[0]).toEqual(beatOf("near", 1_000));
    bus.away = true;
    expect(await beats(3_000)).toBe(4);
    expect(reported).toMatchObject([{ message: "away" }]);
    bus.away = false;
    expect(await beats(2_000)).toBe(6);
    liveness.stop();
    expect(await beats(3_000)).toBe(6);
    expect([reported.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it("says nothing on a bus that stays in its process, and watches nobody there", async () => {
    const bus = new LocalBus();
    const recording = await Recording.of(bus);
    const { hears } = watch(bus, 1_000);
    hears("far", 2_000);
    await bus.idle();
    expect([recording.messages, vi.getTimerCount()]).toEqual([[], 0]);
  });
});

describe("the heartbeat of a runner", () => {
  it("beats from its start to its end, and not after", async () => {
    const bus = new SharedBus();
    const recording = await Recording.of(bus);
    // Somebody else keeps the bus going: it is the runner that has to be quiet, not the bus.
    await bus.start();
    const ending: string[] = [];
    const beats = () => recording.all(BusRunnerHeartbeatMessage).length;
    class Slow extends BaseAgent {
      override async onEnding() {
        const before = beats();
        await until(() => beats() > before, "a heartbeat while an agent still works");
        ending.push("done");
      }
    }
    const running = await Running.with(() => [new Slow("a", { bus })], { bus, name: "one", heartbeatIntervalMs: 200 });
    await until(() => beats() > 1);
    await running.runner.end();
    await running.finished;
    expect([ending, running.errors]).toEqual([["done"], []]);
    expect(recording.all(BusRunnerHeartbeatMessage)[0]).toEqual(beatOf("one", 200));
    const atEnd = beats();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(beats()).toBe(atEnd);
    await bus.stop();
  });

  it("K40: one runner on a shared bus notices that another sends no more, and asks it when it is heard again", async () => {
    const bus = new SharedBus();
    await using one = await Running.with(() => [new BaseAgent("a", { bus })], { bus, name: "one" });
    await using two = await Running.with(() => [new BaseAgent("b", { bus })], {
      bus,
      name: "two",
      heartbeatIntervalMs: 0,
    });
    const { registry } = one.runner;
    await until(() => registry.has("b"));
    const gone: unknown[] = [];
    registry.on("agentGone", (data) => void gone.push(data));
    await bus.send(beatOf("two", 200));
    await until(() => gone.length === 1);
    expect(gone).toEqual([{ agentName: "b", runner: "two", reason: "silent" }]);
    await bus.send(beatOf("two", 60_000));
    await until(() => registry.has("b"));
    expect([one.errors, two.errors, two.runner.registry.has("a")]).toEqual([[], [], true]);
  });

  it.each([1, 199, 300_001, -1, Number.NaN])("of %s ms is refused", (heartbeatIntervalMs) => {
    expect(() => new AgentRunner({ heartbeatIntervalMs })).toThrow(
      expect.objectContaining({ code: "TL_INVALID_OPTION" }),
    );
  });
});
