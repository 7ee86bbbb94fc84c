import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BusTaskCancelMessage, BusTaskRequestMessage, BusTaskResponseMessage } from "../../src/bus/index.ts";
import { TaskError, type TaskRequest } from "../../src/tasks/index.ts";
import { deferred } from "../../src/util/index.ts";
import { failureOf, Room, settled } from "./party.ts";

describe("a task", () => {
  it("gives the worker's response", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    await room.add("researcher", {
      handlers: {
        research: async (task: TaskRequest<{ topic: string }>) => ({ summary: `about ${task.payload.topic}` }),
      },
    });

    const run = voice.requester.task<{ summary: string }>("researcher", {
      name: "research",
      payload: { topic: "ice" },
    });

    expect((await run).summary).toBe("about ice");
  });

  it("sends one message with id, source, target, name and payload", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const worker = await room.add("worker", { handlers: { default: () => undefined } });

    const run = voice.requester.task("worker", { name: "look", payload: { at: 1 } });
    expect(run.id).not.toBe("");
    await run;

    const requests = worker.all(BusTaskRequestMessage);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      source: "voice",
      target: "worker",
      taskId: run.id,
      taskName: "look",
      payload: { at: 1 },
    });
  });

  it("is open until it has ended, and leaves nothing on either side", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const gate = deferred();
    const worker = await room.add("worker", { handlers: { default: () => gate.promise } });

    const run = voice.requester.task("worker");
    expect([...voice.requester.groups]).toEqual([[run.id, run]]);
    await worker.hears(BusTaskRequestMessage);
    expect(worker.worker.active.get(run.id)).toMatchObject({ taskId: run.id, requester: "voice" });

    gate.resolve();
    await run;
    expect(voice.requester.groups.size).toBe(0);
    expect(worker.worker.active.size).toBe(0);
    expect(room.waiting).toBe(0);
  });

  it("waits for its agent to be ready", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const run = voice.requester.task("late");
    await settled();
    expect(voice.sent).toEqual([]);

    await room.add("late", { handlers: { default: () => "here" } });
    expect(await run).toBe("here");
  });

  it("raises a TaskError with what the worker said", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    await room.add("worker", {
      handlers: { default: (task) => task.respond({ error: "no oven" }, { status: "failed" }) },
    });

    const run = voice.requester.task("worker");
    const error = await failureOf(run, TaskError);

    expect(error).toMatchObject({
      code: "TL_TASK_FAILED",
      taskId: run.id,
      agentName: "worker",
      status: "failed",
      reason: "no oven",
      response: { error: "no oven" },
    });
  });

  it("fails with the reason when its request cannot be sent", async () => {
    const room = new Room();
    const voice = await room.add("voice", { send: () => Promise.reject(new Error("not JSON")) });
    room.ready("worker");

    const error = await failureOf(voice.requester.task("worker"), TaskError);

    expect(error).toMatchObject({ status: "failed", reason: "not JSON" });
    expect(error.cause).toEqual(new Error("not JSON"));
    expect(voice.requester.groups.size).toBe(0);
  });

  it("may ask the agent that asks", async () => {
    const room = new Room();
    const voice = await room.add("voice", { handlers: { default: () => "me" } });
    expect(await voice.requester.task("voice")).toBe("me");
  });

  it("K4: takes no answer from an agent that was not asked", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const worker = await room.add("worker", { answersByHand: true });
    const run = voice.requester.task("worker");
    await worker.hears(BusTaskRequestMessage);

    const forged = { source: "stranger", target: "voice", taskId: run.id, status: "completed" } as const;
    await worker.say(new BusTaskResponseMessage({ ...forged, response: "forged" }));
    await settled();
    expect(voice.requester.ignored).toBe(1);

    await worker.worker.active.get(run.id)?.respond("real");
    expect(await run).toBe("real");
  });

  it("leaves messages for others alone", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const message = new BusTaskResponseMessage({ source: "a", target: "b", taskId: "1", status: "completed" });
    expect(voice.requester.handle(message)).toBe(false);
    expect(voice.worker.handle(message)).toBe(false);
  });

  it("nobody awaits is no unhandled rejection", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      const room = new Room();
      const voice = await room.add("voice");
      const worker = await room.add("worker", {
        handlers: {
          default: (task) => {
            void task.respond("first");
            void task.respond("second");
            void task.update("third");
            void task.stream("fourth");
            throw new Error("fifth");
          },
        },
      });
      void voice.requester.task("worker");
      voice.requester.task("nobody").cancel();
      voice.requester.taskGroup(["worker", "nobody"]).cancel();
      await settled();
      expect(unhandled).not.toHaveBeenCalled();
      expect(worker.reported).toEqual([new Error("fifth")]);
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  });
});

describe("a timeout", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2_147_483_648])("of %s ms is refused", async (timeoutMs) => {
    const voice = await new Room().add("voice");
    const invalid = expect.objectContaining({ code: "TL_INVALID_OPTION" });
    expect(() => voice.requester.task("worker", { timeoutMs })).toThrow(invalid);
    expect(voice.requester.groups.size).toBe(0);
  });

  it('cancels the task with reason "timeout"', async () => {
    const room = new Room();
    const voice = await room.add("voice");
    let signal: AbortSignal | undefined;
    const worker = await room.add("worker", {
      answersByHand: true,
      onRequest: (task) => {
        signal = task.signal;
      },
    });
    const run = voice.requester.task("worker", { timeoutMs: 1_000 });
    await worker.hears(BusTaskRequestMessage);

    vi.advanceTimersByTime(1_000);

    expect(await failureOf(run, TaskError)).toMatchObject({ status: "cancelled", reason: "timeout" });
    expect(await worker.hears(BusTaskCancelMessage)).toMatchObject({ taskId: run.id, reason: "timeout" });
    await settled();
    expect(signal?.reason).toMatchObject({ name: "TaskError", status: "cancelled", reason: "timeout" });
    expect(worker.worker.active.size).toBe(0);
  });

  it('A member never becoming ready within the timeout raises "not ready"', async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const run = voice.requester.task("nobody", { timeoutMs: 1_000 });

    vi.advanceTimersByTime(1_000);

    expect(await failureOf(run, TaskError)).toMatchObject({ status: "cancelled", reason: "not ready" });
    expect(voice.sent).toEqual([]);
    await settled();
    expect(room.waiting).toBe(0);
  });

  it("K31: is one deadline over waiting for ready and running", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const run = voice.requester.task("worker", { timeoutMs: 1_000 });
    vi.advanceTimersByTime(900);
    const worker = await room.add("worker", { answersByHand: true });
    await worker.hears(BusTaskRequestMessage);
    expect(vi.getTimerCount()).toBe(1);

    vi.advanceTimersByTime(99);
    await settled();
    expect(voice.requester.groups.size).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await failureOf(run, TaskError)).toMatchObject({ reason: "timeout" });
  });

  it("A response before the deadline prevents the timeout cancel", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const worker = await room.add("worker", { handlers: { default: () => 1 } });
    expect(await voice.requester.task("worker", { timeoutMs: 1_000 })).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(5_000);
    await settled();
    expect(worker.all(BusTaskCancelMessage)).toEqual([]);
  });

  it("No timer exists unless a timeout is given", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const run = voice.requester.task("nobody");
    await settled();
    expect(vi.getTimerCount()).toBe(0);
    run.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});
