import { describe, expect, it, vi } from "vitest";
import {
  BusTaskCancelMessage,
  BusTaskRequestMessage,
  BusTaskResponseMessage,
  BusTaskStreamDataMessage,
} from "../../src/bus/index.ts";
import { TaskError, TaskGroupError, type TaskHandlers, type TaskRequest } from "../../src/tasks/index.ts";
import { failureOf, type Party, Room, settled } from "./party.ts";

const open: unique symbol = Symbol("left open");

/** A requester and members that each do one thing with every task. */
async function group(members: Record<string, ((task: TaskRequest) => unknown) | typeof open>) {
  const room = new Room();
  const voice = await room.add("voice");
  const workers: Record<string, Party> = {};
  for (const [name, work] of Object.entries(members)) {
    const handlers: TaskHandlers = work === open ? {} : { default: work };
    workers[name] = await room.add(name, { handlers, answersByHand: work === open });
  }
  const tell = (name: string) => workers[name] as Party;
  return { room, voice, tell, names: Object.keys(members), requester: voice.requester };
}

const fails = () => {
  throw new Error("no oven");
};

describe("a task group", () => {
  it("sends one message per member, all sharing one id, and gives all responses keyed by member", async () => {
    const { requester, tell, names } = await group({ a: () => 1, b: (task) => task.payload, c: () => undefined });
    const run = requester.taskGroup<unknown>(names, { name: "count", payload: { n: 2 } });
    expect(await run).toEqual({ a: 1, b: { n: 2 }, c: undefined });
    for (const name of names) {
      expect(tell(name).all(BusTaskRequestMessage)).toEqual([
        expect.objectContaining({ taskId: run.id, taskName: "count", payload: { n: 2 }, source: "voice" }),
      ]);
    }
    expect(requester.groups.size).toBe(0);
  });

  it("K25: of nobody completes at once", async () => {
    const { requester } = await group({});
    expect(await requester.taskGroup([], { timeoutMs: 1 })).toEqual({});
    expect(requester.groups.size).toBe(0);
  });

  it("K26: of the same agent twice is refused", async () => {
    const { requester, voice } = await group({ a: () => 1 });
    const invalid = expect.objectContaining({ code: "TL_INVALID_OPTION" });
    expect(() => requester.taskGroup(["a", "b", "a"])).toThrow(invalid);
    await settled();
    expect(voice.sent).toEqual([]);
    expect(requester.groups.size).toBe(0);
  });

  it("completes only once all members responded, in the order they were named", async () => {
    const { requester, tell } = await group({ a: open, b: open });
    const run = requester.taskGroup(["a", "b"]);
    await settled();
    await tell("b").worker.active.get(run.id)?.respond("second");
    await settled();
    expect(requester.groups.size).toBe(1);
    await tell("a").worker.active.get(run.id)?.respond("first");
    expect(Object.entries(await run)).toEqual([
      ["a", "first"],
      ["b", "second"],
    ]);
  });

  it("asks each member once it is ready", async () => {
    const { requester, room } = await group({ a: () => 1 });
    const run = requester.taskGroup(["a", "late"]);
    await settled();
    await room.add("late", { handlers: { default: () => 2 } });
    expect(await run).toEqual({ a: 1, late: 2 });
  });

  it("Events of several members interleave, with the member's name", async () => {
    const works = async (task: TaskRequest) => {
      await task.update("begun");
      await task.stream("chunk");
      return "done";
    };
    const { requester } = await group({ a: works, b: works });
    const run = requester.taskGroup(["a", "b"]);
    const seen: Record<string, string[]> = { a: [], b: [] };
    for await (const event of run) seen[event.agentName]?.push(event.type);
    const expected = ["update", "streamStart", "streamData", "streamEnd"];
    expect(seen).toEqual({ a: expected, b: expected });
    expect(await run).toEqual({ a: "done", b: "done" });
  });

  it("keeps a member's name, whatever it is", async () => {
    const { requester } = await group({ ["__proto__"]: () => "own", constructor: () => "too" });
    const responses = await requester.taskGroup(["__proto__", "constructor"]);
    expect(Object.entries(responses)).toEqual([
      ["__proto__", "own"],
      ["constructor", "too"],
    ]);
  });
});

describe("a task group with a member that fails", () => {
  it("cancels the others and keeps what was answered", async () => {
    const { requester, tell, names } = await group({ early: () => "done", bad: open, slow: open });
    const run = requester.taskGroup(names);
    await settled();
    await tell("bad").worker.active.get(run.id)?.respond({ error: "no oven" }, { status: "error" });

    const error = await failureOf(run, TaskGroupError);
    expect(error).toMatchObject({ code: "TL_TASK_FAILED", taskId: run.id, reason: "no oven" });
    expect(error.responses).toEqual({ early: "done", bad: { error: "no oven" } });
    expect(Object.keys(error.errors)).toEqual(["bad", "slow"]);
    expect(error.errors.bad).toMatchObject({ status: "error", reason: "no oven" });
    expect(error.errors.slow).toMatchObject({ status: "cancelled", reason: "bad did not complete" });
    expect(error.errors.slow?.cause).toBe(error.errors.bad);
    expect(await tell("slow").hears(BusTaskCancelMessage)).toMatchObject({ taskId: run.id });
    for (const name of ["early", "bad"]) expect(tell(name).all(BusTaskCancelMessage)).toEqual([]);
    expect(requester.groups.size).toBe(0);
  });

  it("with cancelOnError false waits for all of them", async () => {
    const { requester, tell, names } = await group({ bad: fails, worse: fails, slow: open });
    const run = requester.taskGroup(names, { cancelOnError: false });
    await settled();
    expect(requester.groups.size).toBe(1);
    await tell("slow").worker.active.get(run.id)?.respond("done");
    const error = await failureOf(run, TaskGroupError);
    expect(Object.keys(error.errors)).toEqual(["bad", "worse"]);
    expect(error.responses.slow).toBe("done");
    expect(error.cause).toBeInstanceOf(TaskError);
  });

  it("K27: counts a cancelled member as one", async () => {
    const { requester, tell } = await group({ a: open, b: open });
    const run = requester.taskGroup(["a", "b"]);
    await settled();
    await tell("a").worker.stop("agent ended");
    expect(await failureOf(run, TaskGroupError)).toMatchObject({ reason: "agent ended" });
  });

  it("K21: counts a member that is gone as one", async () => {
    const { requester, tell } = await group({ a: open, b: () => 2 });
    const run = requester.taskGroup(["a", "b"]);
    await settled();
    requester.agentsGone(["a"], "link lost");
    const error = await failureOf(run, TaskGroupError);
    expect(error).toMatchObject({ reason: "link lost", responses: { b: 2 } });
    expect(tell("a").all(BusTaskCancelMessage)).toEqual([]);
  });

  it("An urgent error cancels the group", async () => {
    const { requester, tell } = await group({
      a: (task) => task.respond({ error: "at once" }, { status: "error", urgent: true }),
      b: open,
    });
    expect(await failureOf(requester.taskGroup(["a", "b"]), TaskGroupError)).toMatchObject({ reason: "at once" });
    await tell("b").hears(BusTaskCancelMessage);
  });
});

describe("cancelling a task group", () => {
  it("sends a cancel with id and reason to each member", async () => {
    const { requester, tell, names } = await group({ a: open, b: open });
    const run = requester.taskGroup(names);
    await settled();
    run.cancel("enough");
    expect(await failureOf(run, TaskGroupError)).toMatchObject({ reason: "enough", responses: {} });
    for (const name of names) {
      expect(await tell(name).hears(BusTaskCancelMessage)).toMatchObject({ taskId: run.id, reason: "enough" });
    }
  });

  it.each([
    [["a", "b"], "timeout", { a: "timeout", b: "timeout" }],
    [["a", "unborn"], "not ready", { a: "timeout", unborn: "not ready" }],
  ])("by a timeout: %j", async (names, reason, reasons) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { requester, tell } = await group({ a: open, b: open });
      const run = requester.taskGroup(names, { timeoutMs: 50 });
      await settled();
      vi.advanceTimersByTime(50);
      const error = await failureOf(run, TaskGroupError);
      expect(error.reason).toBe(reason);
      expect(Object.fromEntries(Object.values(error.errors).map((e) => [e.agentName, e.reason]))).toEqual(reasons);
      expect(await tell("a").hears(BusTaskCancelMessage)).toMatchObject({ reason: "timeout" });
    } finally {
      vi.useRealTimers();
    }
  });

  async function outsideCancel(cancellable: boolean | undefined, source: string, taskId?: string) {
    const members = await group({ a: open });
    const run = members.requester.taskGroup(["a"], { cancellable });
    await settled();
    const about = { target: "voice", taskId: taskId ?? run.id, reason: "from outside" };
    await members.voice.say(new BusTaskCancelMessage({ ...about, source }));
    await settled();
    return { ...members, run };
  }

  it("An outside request may cancel a cancellable group", async () => {
    const { run, tell } = await outsideCancel(undefined, "screen");
    expect(await failureOf(run, TaskGroupError)).toMatchObject({ reason: "from outside" });
    await tell("a").hears(BusTaskCancelMessage);
  });

  it.each([
    ["for a non-cancellable group, which stays alive", false, "screen", undefined],
    ["for an unknown group", true, "screen", "t-unknown"],
    ["K4: from a member, which speaks for itself only", true, "a", undefined],
  ])("…is refused %s", async (_, cancellable, source, taskId) => {
    const { run, requester, tell } = await outsideCancel(cancellable, source, taskId);
    expect(requester.groups.has(run.id)).toBe(true);
    await tell("a").worker.active.get(run.id)?.respond(1);
    expect(await run).toEqual({ a: 1 });
  });

  it("Owner-initiated cancel ignores the cancellable flag", async () => {
    const { requester } = await group({ a: open });
    const run = requester.taskGroup(["a"], { cancellable: false });
    run.cancel("mine");
    expect(await failureOf(run, TaskGroupError)).toMatchObject({ reason: "mine" });
  });
});

describe("K4: strangers", () => {
  it("cannot answer, fail or feed a group", async () => {
    const { requester, voice, tell } = await group({ a: open });
    const run = requester.taskGroup(["a"]);
    await settled();
    const about = { source: "stranger", target: "voice", taskId: run.id };
    await voice.say(new BusTaskResponseMessage({ ...about, status: "error" }));
    await voice.say(new BusTaskStreamDataMessage({ ...about, data: "forged" }));
    await settled();
    expect(requester.ignored).toBe(2);
    await tell("a").worker.active.get(run.id)?.respond("real");
    expect(await run).toEqual({ a: "real" });
    for await (const event of run) expect.unreachable(`no event of a stranger: ${event.type}`);
  });

  it("nor can a member twice, or before it was asked", async () => {
    const { requester, voice, tell } = await group({ a: open, b: open });
    const run = requester.taskGroup(["a", "b", "unborn"]);
    await settled();
    const answer = (source: string, response: string) =>
      voice.say(new BusTaskResponseMessage({ source, target: "voice", taskId: run.id, status: "completed", response }));
    await answer("a", "first");
    await answer("a", "second");
    await answer("unborn", "unasked");
    await tell("b").worker.active.get(run.id)?.respond("b");
    await settled();
    expect(requester.groups.has(run.id)).toBe(true);
    expect(requester.ignored).toBe(2);
    run.cancel();
    expect((await failureOf(run, TaskGroupError)).responses).toEqual({ a: "first", b: "b" });
  });
});
