import { AgentRunner, BaseAgent, type BusMessage, type BusSubscriber, LocalBus } from "trunkline";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";

type Step = "start" | "stop" | "subscribe" | "unsubscribe" | "publish" | "publish, later";

const never = (): Promise<never> => new Promise(() => {});

/** A bus whose network is away: one thing that it is asked for never comes to its end. */
class StuckBus extends LocalBus {
  override readonly shared = true;
  stuckAt: Step | undefined;

  override start(): Promise<void> {
    return this.stuckAt === "start" ? never() : super.start();
  }

  override stop(): Promise<void> {
    return this.stuckAt === "stop" ? never() : super.stop();
  }

  override subscribe(subscriber: BusSubscriber): Promise<void> {
    return this.stuckAt === "subscribe" ? never() : super.subscribe(subscriber);
  }

  override unsubscribe(subscriber: BusSubscriber): Promise<void> {
    return this.stuckAt === "unsubscribe" ? never() : super.unsubscribe(subscriber);
  }

  protected override publish(message: BusMessage): Promise<void> {
    return this.stuckAt === "publish" ? never() : super.publish(message);
  }
}

const early: readonly Step[] = ["start", "subscribe", "publish"];
const late: readonly Step[] = ["publish", "unsubscribe", "stop"];
const ends = ["end", "cancel"] as const;

describe("a runner whose bus hangs", { timeout: 30_000 }, () => {
  it.concurrent.for(early.flatMap((step) => ends.map((how) => [step, how] as const)))(
    "while it begins, at %s, heeds %s(), and starts nobody",
    async ([step, how]) => {
      const bus = new StuckBus();
      const runner = new AgentRunner({ bus, handleSigint: false });
      runner.on("error", () => {});
      const agent = new BaseAgent("a", { bus });
      if (step !== "subscribe") await runner.addAgent(agent);
      bus.stuckAt = step;
      const run = runner.run();
      await runner[how]("tired of waiting");
      await run;
      expect(agent.startedAt).toBeUndefined();
      expect(step === "subscribe" ? "ended" : agent.state).toBe("ended");
    },
  );

  it.concurrent.for(late.flatMap((step) => ends.map((how) => [step, how] as const)))(
    "while it ends, at %s, is over after %s() all the same, and says so",
    async ([step, how]) => {
      const bus = new StuckBus();
      const runner = new AgentRunner({ bus, handleSigint: false, shutdownTimeoutMs: 200 });
      const codes: string[] = [];
      runner.on("error", ({ code }) => void codes.push(code));
      const agent = new BaseAgent("a", { bus });
      await runner.addAgent(agent);
      const run = runner.run();
      await until(() => agent.ready);
      bus.stuckAt = step;
      await runner[how]();
      await run;
      expect(new Set(codes)).toEqual(new Set(["TL_SHUTDOWN_LATE"]));
      expect(agent.state).toBe("ended");
    },
  );

  it("stops it when it begins only after the end", async () => {
    const bus = new StuckBus();
    let started: (() => void) | undefined;
    let stops = 0;
    bus.start = () =>
      new Promise<void>((resolve) => {
        started = resolve;
      });
    bus.stop = async () => {
      stops += 1;
    };
    const runner = new AgentRunner({ bus, handleSigint: false });
    const run = runner.run();
    await until(() => started !== undefined);
    await runner.cancel();
    await run;
    expect(stops).toBe(0);
    started?.();
    await until(() => stops === 1);
  });
});
