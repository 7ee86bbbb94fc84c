import { describe, expect, it, vi } from "vitest";
import { BusTaskCancelMessage, BusTaskRequestMessage, BusTaskResponseMessage } from "../../src/bus/index.ts";
import { TaskError, TaskGroupError, type TaskRequest } from "../../src/tasks/index.ts";
import { deferred } from "../../src/util/index.ts";
import { failureOf, type Party, type PartyOptions, Room, settled } from "./party.ts";

interface Pair {
  readonly room: Room;
  readonly voice: Party;
  readonly worker: Party;
  readonly tasks: TaskRequest[];
}

/** A requester, and a worker that leaves its tasks open unless told otherwise. */
async function pair(options: PartyOptions = {}): Promise<Pair> {
  const room = new Room();
  const voice = await room.add("voice");
  const tasks: TaskRequest[] = [];
  const onRequest = (task: TaskRequest) => void tasks.push(task);
  const worker = await room.add("worker", { answersByHand: true, onRequest, ...options });
  return { room, voice, worker, tasks };
}

describe("cancelling a run", () => {
  it("A cancelled worker automatically responds cancelled and drops the task", async () => {
    const { voice, worker, tasks } = await pair();
    const run = voice.requester.task("worker");
    await worker.hears(BusTaskRequestMessage);

    run.cancel("changed my mind");

    expect(await failureOf(run, TaskError)).toMatchObject({ status: "cancelled", reason: "changed my mind" });
    const answer = await voice.hears(BusTaskResponseMessage);
    expect(answer).toMatchObject({ taskId: run.id, status: "cancelled", response: { reason: "changed my mind" } });
    expect(tasks[0]?.signal.reason).toMatchObject({ agentName: "worker", reason: "changed my mind" });
    expect(worker.worker.active.size).toBe(0);
  });

  it("K27: is an error also without a reason", async () => {
    const { voice, worker } = await pair();
    const run = voice.requester.task("worker");
    const group = voice.requester.taskGroup(["worker"]);
    await worker.hears(BusTaskRequestMessage);
    run.cancel();
    group.cancel();
    expect(await failureOf(run, TaskError)).toMatchObject({ status: "cancelled", reason: "cancelled" });
    expect(await failureOf(group, TaskGroupError)).toMatchObject({ reason: "cancelled" });
  });

  it("K27: a worker that answers cancelled makes it an error", async () => {
    const { voice } = await pair({ onRequest: (task) => task.respond(undefined, { status: "cancelled" }) });
    const error = await failureOf(voice.requester.task("worker"), TaskError);
    expect(error).toMatchObject({ status: "cancelled", reason: "cancelled" });
  });

  it("before the agent is ready asks nobody", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const run = voice.requester.task("late");
    run.cancel();
    const late = await room.add("late", { handlers: { default: () => 1 } });
    await failureOf(run, TaskError);
    await settled();
    expect(late.heard).toEqual([]);
    expect(room.waiting).toBe(0);
  });

  it("does nothing after the end", async () => {
    const { voice, worker } = await pair({ handlers: { default: () => 1 } });
    const run = voice.requester.task("worker");
    await run;
    run.cancel();
    await run[Symbol.asyncDispose]();
    await settled();
    expect(worker.all(BusTaskCancelMessage)).toEqual([]);
    expect(await run).toBe(1);
  });

  it("happens when a scope is left, and an error of its body is the one that is seen", async () => {
    const { voice, worker } = await pair();
    const body = async () => {
      await using run = voice.requester.task("worker");
      await worker.hears(BusTaskRequestMessage);
      throw new Error(`body of ${run.agentNames}`);
    };
    await expect(body()).rejects.toThrow("body of worker");
    await worker.hears(BusTaskCancelMessage);
    expect(voice.requester.groups.size).toBe(0);
  });
});

describe("a caller's signal", () => {
  it("K29: reaches the workers", async () => {
    const { voice, worker, tasks } = await pair();
    const caller = new AbortController();
    const run = voice.requester.task("worker", { signal: caller.signal });
    await worker.hears(BusTaskRequestMessage);

    caller.abort(new Error("user hung up"));

    const error = await failureOf(run, TaskError);
    expect(error).toMatchObject({ status: "cancelled", reason: "user hung up", cause: new Error("user hung up") });
    await worker.hears(BusTaskCancelMessage);
    expect(tasks[0]?.signal.aborted).toBe(true);
  });

  it("that has fired already means nobody is asked", async () => {
    const { voice } = await pair();
    const run = voice.requester.task("worker", { signal: AbortSignal.abort(new Error("too late")) });
    expect(await failureOf(run, TaskError)).toMatchObject({ status: "cancelled", reason: "too late" });
    await settled();
    expect(voice.sent).toEqual([]);
    expect(voice.requester.groups.size).toBe(0);
  });

  it("K33: keeps no listener of runs that have ended", async () => {
    const { voice } = await pair({ handlers: { default: () => 1 } });
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    for (let i = 0; i < 50; i++) await voice.requester.task("worker", { signal });
    expect(added).toHaveBeenCalledTimes(50);
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
  });
});

describe("a worker that is told to stop", () => {
  it("K24: does not begin work whose cancel came first", async () => {
    const { voice, worker, tasks } = await pair();
    const about = { source: "voice", target: "worker", taskId: "t-1" };
    await voice.say(new BusTaskCancelMessage({ ...about, reason: "timeout" }));
    await settled();
    await voice.say(new BusTaskRequestMessage(about));
    await settled();

    expect(tasks).toEqual([]);
    expect(voice.all(BusTaskResponseMessage)).toEqual([
      expect.objectContaining({ taskId: "t-1", status: "cancelled", response: { reason: "timeout" } }),
    ]);
    expect(worker.worker.active.size).toBe(0);
  });

  it("K24: heeds only the requester's own early cancel", async () => {
    const { voice, tasks } = await pair();
    const about = { target: "worker", taskId: "t-1" };
    await voice.say(new BusTaskCancelMessage({ ...about, source: "stranger" }));
    await settled();
    await voice.say(new BusTaskRequestMessage({ ...about, source: "voice" }));
    await settled();
    expect(tasks).toHaveLength(1);
  });

  it("K24: remembers the last 1,024 of them, and counts those it had to let go", async () => {
    const { voice, worker, tasks } = await pair();
    const about = (taskId: number) => ({ source: "voice", target: "worker", taskId: `${taskId}` });
    for (let id = 0; id <= 1_024; id++) await voice.say(new BusTaskCancelMessage(about(id)));
    await settled();
    for (let id = 0; id <= 1_024; id++) await voice.say(new BusTaskRequestMessage(about(id)));
    await settled();
    expect(tasks.map((task) => task.taskId)).toEqual(["0"]);
    expect(worker.worker.cancelsDropped).toBe(1);
  });

  it("ignores a cancel from an agent that is not the requester", async () => {
    const { voice, worker, tasks } = await pair();
    const run = voice.requester.task("worker");
    await worker.hears(BusTaskRequestMessage);
    await voice.say(new BusTaskCancelMessage({ source: "stranger", target: "worker", taskId: run.id }));
    await settled();
    expect(tasks[0]?.signal.aborted).toBe(false);
    expect(worker.worker.ignored).toBe(1);
    await tasks[0]?.respond("done");
    expect(await run).toBe("done");
  });

  it("answers once, whatever its handler does afterwards", async () => {
    const gates = { returns: deferred<string>(), throws: deferred<never>() };
    const { voice, worker } = await pair({
      handlers: { returns: () => gates.returns.promise, throws: () => gates.throws.promise },
    });
    const runs = [
      voice.requester.task("worker", { name: "returns" }),
      voice.requester.task("worker", { name: "throws" }),
    ];
    await settled();
    for (const run of runs) run.cancel();
    await settled();
    gates.returns.resolve("late");
    gates.throws.reject(new Error("late"));
    await settled();

    expect(voice.all(BusTaskResponseMessage).map((answer) => answer.status)).toEqual(["cancelled", "cancelled"]);
    expect(worker.reported).toEqual([]);
    expect(worker.worker.ignored).toBe(1);
  });

  it("K30: lets a listener of the signal have the first answer, and ignores the second", async () => {
    const { voice, worker } = await pair({
      onRequest: (task) => {
        task.signal.addEventListener("abort", () => {
          void task.respond({ soFar: 3 }, { status: "cancelled" });
          void task.respond({ soFar: 4 }, { status: "cancelled" });
        });
      },
    });
    const run = voice.requester.task("worker");
    await worker.hears(BusTaskRequestMessage);
    run.cancel();
    await settled();
    expect(voice.all(BusTaskResponseMessage).map((answer) => answer.response)).toEqual([{ soFar: 3 }]);
    expect(worker.worker.ignored).toBe(1);
  });

  it("stops a handler at its next word to the requester", async () => {
    const steps: string[] = [];
    const { voice, worker } = await pair({
      handlers: {
        default: async (task: TaskRequest) => {
          await new Promise((resolve) => task.signal.addEventListener("abort", resolve));
          steps.push("woken");
          await task.update("still here");
          steps.push("went on");
        },
      },
    });
    const run = voice.requester.task("worker");
    await worker.hears(BusTaskRequestMessage);
    run.cancel();
    await settled();
    expect(steps).toEqual(["woken"]);
    expect(worker.reported).toEqual([]);
  });
});
