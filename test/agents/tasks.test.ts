import { BaseAgent, BusEndAgentMessage, BusTaskCancelMessage, type TaskRequest } from "trunkline";
import { describe, expect, it } from "vitest";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";

class Worker extends BaseAgent {
  readonly reasons: unknown[] = [];
  override tasks = {
    double: (task: TaskRequest<{ readonly n: number }>) => task.payload.n * 2,
    forever: (task: TaskRequest) =>
      new Promise<void>((resolve) => {
        task.signal.addEventListener("abort", () => {
          this.reasons.push((task.signal.reason as { readonly reason?: unknown }).reason);
          resolve();
        });
      }),
  };
}

async function office() {
  const running = await Running.with(({ bus }) => [
    new BaseAgent("boss", { bus }),
    new Worker("one", { bus }),
    new Worker("two", { bus }),
  ]);
  const [boss, one, two] = ["boss", "one", "two"].map((name) => running.runner.getAgent(name));
  return { running, boss: boss as BaseAgent, one: one as Worker, two: two as Worker, bus: running.runner.bus };
}

describe("tasks through agents and their runner", () => {
  it("asks one, and several at once", async () => {
    const { running, boss } = await office();
    await using _ = running;
    expect(await boss.task("one", { name: "double", payload: { n: 2 } })).toBe(4);
    expect(await boss.taskGroup<number>(["one", "two"], { name: "double", payload: { n: 3 } })).toEqual({
      one: 6,
      two: 6,
    });
    expect([boss.taskGroups.size, running.errors]).toEqual([0, []]);
  });

  it("a request waits for an agent that is added later", async () => {
    const { running, boss, bus } = await office();
    await using _ = running;
    const run = boss.task("late", { name: "double", payload: { n: 1 }, timeoutMs: 5_000 });
    await running.runner.addAgent(new Worker("late", { bus }));
    expect(await run).toBe(2);
    expect(running.runner.registry.watchedAgents).toEqual([]);
  });

  it("an outside request may cancel a cancellable group", async () => {
    const { running, boss, one, two, bus } = await office();
    await using _ = running;
    const run = boss.taskGroup(["one", "two"], { name: "forever" });
    await until(() => one.activeTasks.size + two.activeTasks.size === 2);
    const about = { source: "screen", target: "boss", taskId: run.id, reason: "enough" };
    await bus.send(new BusTaskCancelMessage(about));
    await expect(run).rejects.toMatchObject({ name: "TaskGroupError", reason: "enough" });
    await until(() => one.reasons.length + two.reasons.length === 2);
    expect([...one.reasons, ...two.reasons]).toEqual(["enough", "enough"]);
  });

  it("a worker that ends or is cancelled answers its requester", async () => {
    const { running, boss, one, bus } = await office();
    await using _ = running;
    const run = boss.task("one", { name: "forever" });
    await until(() => one.activeTasks.size === 1);
    await bus.send(new BusEndAgentMessage({ source: "test", target: "one", reason: "fired" }));
    await expect(run).rejects.toMatchObject({ name: "TaskError", agentName: "one", status: "cancelled" });
    expect(one.state).toBe("ended");
  });

  it("a worker is told when its requester is gone", async () => {
    const { running, one, bus } = await office();
    await using _ = running;
    const guest = new BaseAgent("guest", { bus });
    await running.runner.addAgent(guest);
    await until(() => guest.ready);
    guest.task("one", { name: "forever" });
    await until(() => one.activeTasks.size === 1);
    await bus.send(new BusEndAgentMessage({ source: "test", target: "guest" }));
    await until(() => one.activeTasks.size === 0);
    expect(one.reasons).toHaveLength(1);
  });
});
