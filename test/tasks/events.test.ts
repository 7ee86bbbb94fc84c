import { describe, expect, it } from "vitest";
import { BusTaskResponseMessage, BusTaskStreamEndMessage } from "../../src/bus/index.ts";
import { EventQueue } from "../../src/tasks/event-queue.ts";
import { TaskError, type TaskEvent, type TaskRequest } from "../../src/tasks/index.ts";
import { deferred } from "../../src/util/index.ts";
import { failureOf, Room, settled } from "./party.ts";

async function all<E>(events: AsyncIterable<E>): Promise<E[]> {
  const read: E[] = [];
  for await (const event of events) read.push(event);
  return read;
}

async function runOf(handler: (task: TaskRequest) => unknown) {
  const room = new Room();
  const voice = await room.add("voice");
  const worker = await room.add("worker", { handlers: { default: handler } });
  return { voice, worker, run: voice.requester.task("worker") };
}

describe("events of a task", () => {
  it("Iterating yields updates in order, excluding the final response", async () => {
    const { run } = await runOf(async (task) => {
      await task.update(1);
      await task.update(2);
      return 3;
    });
    const events: TaskEvent[] = await all(run);
    expect(events).toEqual([
      { type: "update", data: 1 },
      { type: "update", data: 2 },
    ]);
    expect(await run).toBe(3);
  });

  it("Iterating a stream yields start, data…, end with their data; its end is the response", async () => {
    const { run, voice, worker } = await runOf(async (task) => {
      await task.stream({ text: "a" });
      await task.stream({ text: "b" });
      return { text: "ab" };
    });
    expect(await all(run)).toEqual([
      { type: "streamStart", data: undefined },
      { type: "streamData", data: { text: "a" } },
      { type: "streamData", data: { text: "b" } },
      { type: "streamEnd", data: { text: "ab" } },
    ]);
    expect(await run).toEqual({ text: "ab" });
    expect(voice.all(BusTaskResponseMessage)).toEqual([]);
    expect(worker.worker.active.size).toBe(0);
  });

  it("streamStart begins a stream once; after the answer it is refused like the rest", async () => {
    const refusals: unknown[] = [];
    const refused = (error: unknown) => refusals.push((error as { code?: unknown }).code);
    const { run } = await runOf(async (task) => {
      await task.streamStart();
      await task.streamStart({ pages: 2 }).catch(refused);
      await task.stream("a");
      await task.respond("whole");
      await task.streamStart().catch(refused);
    });
    expect((await all(run)).map(({ type, data }) => [type, data])).toEqual([
      ["streamStart", undefined],
      ["streamData", "a"],
      ["streamEnd", "whole"],
    ]);
    expect(refusals).toEqual(["TL_STREAM_BEGUN", "TL_TASK_UNKNOWN"]);
  });

  it("streamStart after a piece has begun the stream is refused, and may be left alone", async () => {
    const { run } = await runOf(async (task) => {
      void task.stream("a");
      void task.streamStart("late");
      await expect(task.streamStart("later")).rejects.toMatchObject({ code: "TL_STREAM_BEGUN" });
    });
    expect((await all(run)).map(({ type }) => type)).toEqual(["streamStart", "streamData", "streamEnd"]);
  });

  it("keeps the order of chunks that nobody awaits", async () => {
    const { run } = await runOf((task) => {
      for (let i = 0; i < 100; i++) void task.stream(i);
    });
    const events = await all(run);
    expect(events.slice(1, -1).map((event) => event.data)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(events.map((event) => event.type).filter((type) => type !== "streamData")).toEqual([
      "streamStart",
      "streamEnd",
    ]);
  });

  it("K32: the end of a stream is terminal", async () => {
    const { run, voice } = await runOf(async (task) => {
      await task.stream("chunk");
      await task.respond("whole");
      await expect(task.stream("more")).rejects.toThrow(expect.objectContaining({ code: "TL_TASK_UNKNOWN" }));
      return "not this";
    });
    expect(await run).toBe("whole");
    await settled();
    expect(voice.all(BusTaskStreamEndMessage).map((end) => end.data)).toEqual(["whole"]);
  });

  it("a stream that breaks off ends with the error", async () => {
    const { run } = await runOf(async (task) => {
      await task.stream("chunk");
      throw new Error("broke off");
    });
    expect((await all(run)).map((event) => event.type)).toEqual(["streamStart", "streamData"]);
    expect(await failureOf(run, TaskError)).toMatchObject({ status: "error", reason: "broke off" });
  });

  it("K28: are kept from the start, however late iteration begins", async () => {
    const { run } = await runOf(async (task) => {
      await task.update("early");
      return "done";
    });
    await run;
    await settled();
    expect(await all(run)).toEqual([{ type: "update", data: "early" }]);
    expect(await all(run)).toEqual([]);
  });

  it("go on where a loop was left", async () => {
    const { run } = await runOf((task) => {
      for (const data of [1, 2, 3]) void task.update(data);
    });
    for await (const event of run) {
      expect(event.data).toBe(1);
      break;
    }
    expect((await all(run)).map((event) => event.data)).toEqual([2, 3]);
  });

  it("come while the work goes on, and end when it is cancelled", async () => {
    const gate = deferred();
    const { run } = await runOf(async (task) => {
      await task.update("first");
      await gate.promise;
    });
    const seen: unknown[] = [];
    for await (const event of run) {
      seen.push(event.data);
      run.cancel();
    }
    expect(seen).toEqual(["first"]);
    gate.resolve();
  });

  it("An urgent response overtakes queued data", async () => {
    const { run } = await runOf((task) => {
      void task.update("queued");
      void task.update("ahead", { urgent: true });
      return task.respond("now", { urgent: true });
    });
    expect(await run).toBe("now");
    expect(await all(run)).toEqual([{ type: "update", data: "ahead" }]);
  });

  it("that nobody reads are let go at 65,537, reading says so, and the response still comes", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    await room.add("worker", {
      handlers: {
        default: async (task: TaskRequest<number>) => {
          for (let i = 0; i < task.payload; i++) {
            const sent = task.update(i);
            if (i % 1_000 === 0) await Promise.all([sent, settled()]);
          }
          return "done";
        },
      },
    });
    const full = voice.requester.task("worker", { payload: 65_536 });
    expect(await full).toBe("done");
    expect(await all(full)).toHaveLength(65_536);
    expect(voice.requester.eventsLost).toBe(0);

    const tooMany = voice.requester.task("worker", { payload: 65_538 });
    expect(await tooMany).toBe("done");
    expect(voice.requester.eventsLost).toBe(65_538);
    await expect(all(tooMany)).rejects.toThrow(expect.objectContaining({ code: "TL_QUEUE_FULL" }));
  });

  it("that come all at once reach whoever waits for the next, however large they are", async () => {
    const lost: number[] = [];
    const queue = new EventQueue<TaskEvent>((count) => lost.push(count));
    const reading = all(queue.read());
    await settled();
    const data = "x".repeat(1_000_000);
    for (let n = 0; n < 100; n++) queue.push({ type: "update", data });
    queue.close();
    expect(await reading).toHaveLength(100);
    expect(lost).toEqual([]);
  });
});
