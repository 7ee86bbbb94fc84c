import {
  BaseAgent,
  type BusMessage,
  type BusMessageClass,
  BusTaskCancelMessage,
  BusTaskResponseMessage,
  BusTaskStreamDataMessage,
  BusTaskStreamEndMessage,
  BusTaskStreamStartMessage,
  BusTaskUpdateMessage,
  type TaskEvent,
  type TaskRequest,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";

class Worker extends BaseAgent {
  readonly stopped: TaskRequest[] = [];
  override tasks = {
    answer: async (task: TaskRequest) => {
      await task.update("half");
      return "whole";
    },
    stream: (task: TaskRequest) => task.stream("piece"),
    pages: async (task: TaskRequest) => {
      await task.streamStart({ pages: 1 });
      await task.stream("page");
      return "end";
    },
    forever: (task: TaskRequest) =>
      new Promise<void>((resolve) => {
        task.signal.addEventListener("abort", () => {
          this.stopped.push(task);
          resolve();
        });
      }),
  };
}

async function office() {
  const running = await Running.with(({ bus }) => [new BaseAgent("boss", { bus }), new Worker("one", { bus })]);
  const { runner } = running;
  const recording = await Recording.of(runner.bus);
  const about = ({ source, target, taskId }: BusMessage & { readonly taskId: string }) => [source, target, taskId];
  const heard = (type: BusMessageClass) => until(() => recording.all(type).length > 0);
  return {
    running,
    recording,
    heard,
    about,
    boss: runner.getAgent("boss") as BaseAgent,
    one: runner.getAgent("one") as Worker,
  };
}

describe("Tasks/jobs", () => {
  it('"A response goes to the requester with id, body, default status "completed""', async () => {
    const { running, recording, heard, about, boss } = await office();
    await using _ = running;
    const run = boss.task("one", { name: "answer" });
    await run;
    await heard(BusTaskResponseMessage);
    const [response, ...more] = recording.all(BusTaskResponseMessage);
    expect(response && about(response)).toEqual(["one", "boss", run.id]);
    expect([response?.response, response?.status, more]).toEqual(["whole", "completed", []]);
  });

  it('"An update goes to the requester"', async () => {
    const { running, recording, heard, about, boss } = await office();
    await using _ = running;
    const run = boss.task("one", { name: "answer" });
    await run;
    await heard(BusTaskUpdateMessage);
    const updates = recording.all(BusTaskUpdateMessage);
    expect(updates.map((message) => [...about(message), message.update])).toEqual([["one", "boss", run.id, "half"]]);
  });

  it('"The cancelled hook fires with id and reason": the signal does', async () => {
    const { running, boss, one } = await office();
    await using _ = running;
    const run = boss.task("one", { name: "forever" });
    await until(() => one.activeTasks.size === 1);
    run.cancel("enough");
    await until(() => one.stopped.length === 1);
    expect(one.stopped[0]?.signal.reason).toMatchObject({ name: "TaskError", taskId: run.id, reason: "enough" });
  });

  it('"Fire-and-forget tasks can be cancelled individually later, leaving no group"', async () => {
    const { running, boss, one } = await office();
    await using _ = running;
    const [first, second] = [boss.task("one", { name: "forever" }), boss.task("one", { name: "forever" })];
    await until(() => one.activeTasks.size === 2);
    first.cancel();
    await until(() => one.activeTasks.size === 1);
    expect([[...one.activeTasks.keys()], [...boss.taskGroups.keys()]]).toEqual([[second.id], [second.id]]);
    second.cancel();
    await until(() => one.activeTasks.size === 0);
    expect([boss.taskGroups.size, running.errors]).toEqual([0, []]);
  });

  it('"Same for a single task": the caller\'s signal cancels the worker and clears the group', async () => {
    const { running, recording, heard, boss, one } = await office();
    await using _ = running;
    const caller = new AbortController();
    const run = boss.task("one", { name: "forever", signal: caller.signal });
    await until(() => one.activeTasks.size === 1);
    caller.abort(new Error("hung up"));
    await expect(run).rejects.toMatchObject({ name: "TaskError", reason: "hung up" });
    await until(() => one.stopped.length === 1);
    await heard(BusTaskCancelMessage);
    expect(recording.all(BusTaskCancelMessage)).toMatchObject([{ target: "one", taskId: run.id }]);
    expect([boss.taskGroups.size, one.activeTasks.size]).toEqual([0, 0]);
  });
});

describe("Streaming", () => {
  it('"Stream start goes to the requester with metadata"', async () => {
    const { running, recording, heard, about, boss } = await office();
    await using _ = running;
    const run = boss.task("one", { name: "pages" });
    const events: TaskEvent[] = [];
    for await (const event of run) events.push(event);
    await heard(BusTaskStreamEndMessage);
    const starts = recording.all(BusTaskStreamStartMessage);
    expect(starts.map((start) => [...about(start), start.data])).toEqual([["one", "boss", run.id, { pages: 1 }]]);
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ["streamStart", { pages: 1 }],
      ["streamData", "page"],
      ["streamEnd", "end"],
    ]);
  });

  it('"Stream data goes to the requester", "Stream end goes to the requester"', async () => {
    const { running, recording, heard, about, boss } = await office();
    await using _ = running;
    const run = boss.task("one", { name: "stream" });
    await run;
    await heard(BusTaskStreamEndMessage);
    const [data, ...moreData] = recording.all(BusTaskStreamDataMessage);
    const [end, ...moreEnds] = recording.all(BusTaskStreamEndMessage);
    expect([data && about(data), data?.data, moreData]).toEqual([["one", "boss", run.id], "piece", []]);
    expect([end && about(end), moreEnds]).toEqual([["one", "boss", run.id], []]);
  });
});
