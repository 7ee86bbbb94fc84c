import {
  type AgentRunner,
  BaseAgent,
  BusTaskCancelMessage,
  BusTaskRequestMessage,
  BusTaskResponseMessage,
  BusTaskUpdateMessage,
  type TaskRequest,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { collected } from "../soak/growth.ts";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";

const most = 65_536;

interface Pages {
  readonly count: number;
  readonly atOnce?: number;
  readonly hang?: boolean;
}

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
    pages: async (task: TaskRequest<Pages>) => {
      const { count, atOnce = 1, hang = false } = task.payload;
      for (let n = 0; n < count; n++) {
        // Text of its own, and not the same once more.
        const said = task.update({ n, page: Buffer.alloc(500_000, `${n}`).toString("latin1") });
        if (n % atOnce !== atOnce - 1) continue;
        for (let turn = 0; turn < atOnce; turn++) await new Promise((resolve) => setImmediate(resolve));
        await said;
      }
      if (hang) await new Promise((resolve) => task.signal.addEventListener("abort", resolve));
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

  describe("bytes of a task's events that nobody has read", () => {
    const pagesOf = (runner: AgentRunner, payload: Pages) =>
      (runner.getAgent("asker") as BaseAgent).task("worker", { name: "pages", payload });
    const numbers = async (run: AsyncIterable<{ readonly data: unknown }>) => {
      const read: number[] = [];
      for await (const { data } of run) read.push((data as { readonly n: number }).n);
      return read;
    };
    const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

    it("beyond 8 MiB iterating throws, and the answer is not touched", async () => {
      await using session = await Running.with(both);
      const run = pagesOf(session.runner, { count: 17 });
      expect(await run).toBe("done");
      await expect(numbers(run)).rejects.toMatchObject({ code: "TL_QUEUE_FULL" });
      expect((session.runner.getAgent("asker") as BaseAgent).taskCounters.eventsLost).toBe(17);
    });

    it("K28: up to there none is lost, however late iteration starts", async () => {
      await using session = await Running.with(both);
      const late = pagesOf(session.runner, { count: 16 });
      expect(await late).toBe("done");
      expect(await numbers(late)).toEqual(upTo(16));
    });

    it("whoever waits for the next is sent as much as there is, also all at once", async () => {
      await using session = await Running.with(both);
      expect(await numbers(pagesOf(session.runner, { count: 200, atOnce: 10 }))).toEqual(upTo(200));
      expect(await numbers(pagesOf(session.runner, { count: 100, atOnce: 100 }))).toEqual(upTo(100));
    });

    it("whoever reads slowly may be behind by 32 MiB", async () => {
      await using session = await Running.with(both);
      const behindBy = async (count: number) => {
        const run = pagesOf(session.runner, { count });
        const pages = run[Symbol.asyncIterator]();
        await pages.next();
        await run;
        const rest = { [Symbol.asyncIterator]: () => pages };
        return numbers(rest);
      };
      expect(await behindBy(60)).toEqual(upTo(60).slice(1));
      await expect(behindBy(80)).rejects.toMatchObject({ code: "TL_QUEUE_FULL" });
    });

    it("counts only what is unread", async () => {
      await using session = await Running.with(both);
      const run = pagesOf(session.runner, { count: 200, atOnce: 5 });
      const read: number[] = [];
      // Always behind, by a few.
      for await (const { data } of run) {
        read.push((data as { readonly n: number }).n);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(read).toEqual(upTo(200));
    });

    it("cost whoever only awaits the answer no more than that", async () => {
      await using session = await Running.with(both);
      const progress = await Recording.of(session.runner.bus);
      await collected();
      const before = process.memoryUsage().heapUsed;
      const run = pagesOf(session.runner, { count: 200, hang: true });
      let updates = 0;
      await until(
        () => {
          updates += progress.messages.splice(0).filter((message) => message instanceof BusTaskUpdateMessage).length;
          return updates === 200;
        },
        "all being said",
        10_000,
      );
      await collected();
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
      run.cancel();
      await run.catch(() => {});
      await session.runner.bus.unsubscribe(progress);
    });
  });
});
