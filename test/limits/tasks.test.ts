import {
  type AgentRunner,
  BaseAgent,
  BusTaskCancelMessage,
  BusTaskRequestMessage,
  BusTaskResponseMessage,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";

const most = 65_536;

class Worker extends BaseAgent {
  override tasks = {
    hang: () => new Promise(() => {}),
    chatter: async (task: { update(update: unknown): Promise<void> }) => {
      for (let n = 0; n <= most; n++) {
        await task.update(n);
        // The requester's lane has a limit of its own.
        if (n % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return "done";
    },
  };
}

const both = ({ bus }: AgentRunner) => [new BaseAgent("asker", { bus }), new Worker("worker", { bus })] as const;

describe("what tasks keep", () => {
  it("open tasks of a worker: the 65,537th is refused with status failed", { timeout: 60_000 }, async () => {
    await using session = await Running.with(both);
    const { bus } = session.runner;
    const worker = session.runner.getAgent("worker") as Worker;
    const ask = (n: number) =>
      bus.send(new BusTaskRequestMessage({ source: "elsewhere", target: "worker", taskId: `${n}`, taskName: "hang" }));
    for (let n = 0; n < most; n++) {
      await ask(n);
      if (n % 1_000 === 999) await bus.idle();
    }
    await bus.idle();
    expect(worker.activeTasks.size).toBe(most);
    const heard = await Recording.of(bus);
    await ask(most);
    await until(() => heard.all(BusTaskResponseMessage).length > 0, "an answer");
    expect(heard.all(BusTaskResponseMessage)).toMatchObject([{ taskId: `${most}`, status: "failed" }]);
    expect(worker.activeTasks.size).toBe(most);
    await bus.unsubscribe(heard);
  });

  it("cancels that came before their request: 1,024 are kept, and the oldest makes room", async () => {
    await using session = await Running.with(both);
    const { bus } = session.runner;
    const worker = session.runner.getAgent("worker") as Worker;
    const init = (n: number) => ({ source: "elsewhere", target: "worker", taskId: `${n}` });
    for (let n = 0; n <= 1_024; n++) await bus.send(new BusTaskCancelMessage(init(n)));
    await bus.idle();
    for (const n of [0, 1, 1_024]) await bus.send(new BusTaskRequestMessage({ ...init(n), taskName: "hang" }));
    await bus.idle();
    expect([...worker.activeTasks.keys()]).toEqual(["0"]);
  });

  it("events of a task that nobody has read: beyond 65,536 iterating throws, and the answer is not touched", {
    timeout: 60_000,
  }, async () => {
    await using session = await Running.with(both);
    const run = (session.runner.getAgent("asker") as BaseAgent).task("worker", { name: "chatter" });
    expect(await run).toBe("done");
    const read = async () => {
      for await (const _ of run);
    };
    await expect(read()).rejects.toMatchObject({ code: "TL_QUEUE_FULL" });
  });
});
