import { describe, expect, it } from "vitest";
import {
  BusTaskRequestMessage,
  BusTaskResponseMessage,
  BusTaskResponseUrgentMessage,
  BusTaskUpdateRequestMessage,
} from "../../src/bus/index.ts";
import { sequential, TaskError, type TaskRequest } from "../../src/tasks/index.ts";
import { type Deferred, deferred } from "../../src/util/index.ts";
import { failureOf, Room, settled } from "./party.ts";

describe("a worker", () => {
  it("K23: a handler that throws answers with status error", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    await room.add("worker", {
      handlers: {
        default: () => {
          throw new Error("no oven");
        },
        later: async () => {
          throw new Error("no flour");
        },
      },
    });
    const first = await failureOf(voice.requester.task("worker"), TaskError);
    expect(first).toMatchObject({ status: "error", reason: "no oven", response: { error: "no oven" } });
    const second = await failureOf(voice.requester.task("worker", { name: "later" }), TaskError);
    expect(second).toMatchObject({ status: "error", reason: "no flour" });
  });

  it("K23: so does a hook that throws, and the handler is not begun", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const begun: string[] = [];
    await room.add("worker", {
      onRequest: async () => {
        throw new Error("hook");
      },
      handlers: { default: (task) => begun.push(task.taskId) },
    });
    const error = await failureOf(voice.requester.task("worker"), TaskError);
    expect(error).toMatchObject({ status: "error", reason: "hook" });
    expect(begun).toEqual([]);
  });

  it("looks a handler up by task name, else default", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    await room.add("worker", { handlers: { bake: () => "baked", default: (task) => `default took ${task.taskName}` } });
    expect(await voice.requester.task("worker", { name: "bake" })).toBe("baked");
    expect(await voice.requester.task("worker", { name: "fry" })).toBe("default took fry");
    expect(await voice.requester.task("worker")).toBe("default took undefined");
  });

  it.each(["fry", "constructor", "__proto__", undefined])("without a handler for %s says so", async (name) => {
    const room = new Room();
    const voice = await room.add("voice");
    await room.add("worker", { handlers: { bake: () => "baked" } });
    const error = await failureOf(voice.requester.task("worker", { name }), TaskError);
    expect(error.status).toBe("error");
    expect(error.reason).toContain("worker has no handler");
  });

  it("fires the hook for every request, before its handler; the hook may answer instead", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const order: string[] = [];
    await room.add("worker", {
      onRequest: async (task) => {
        order.push(`hook ${task.taskName}`);
        if (task.taskName === "a") await task.respond("from the hook");
      },
      handlers: { default: (task) => order.push(`handler ${task.taskName}`) },
    });
    expect(await voice.requester.task("worker", { name: "a" })).toBe("from the hook");
    await voice.requester.task("worker", { name: "b" });
    expect(order).toEqual(["hook a", "hook b", "handler b"]);
  });

  it("K15: answers each requester", async () => {
    const room = new Room();
    const parties = await Promise.all(["a", "b", "c"].map((name) => room.add(name)));
    await room.add("worker", { handlers: { default: (task) => `for ${task.requester}` } });
    const responses = await Promise.all(parties.map((party) => party.requester.task("worker")));
    expect(responses).toEqual(["for a", "for b", "for c"]);
  });

  it("Responding, updating and streaming after the end raise TL_TASK_UNKNOWN", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const kept = deferred<TaskRequest>();
    const worker = await room.add("worker", { handlers: { default: (task) => kept.resolve(task) } });
    await voice.requester.task("worker");
    const task = await kept.promise;
    const unknown = expect.objectContaining({ code: "TL_TASK_UNKNOWN" });
    await expect(task.respond("again")).rejects.toThrow(unknown);
    await expect(task.update("again")).rejects.toThrow(unknown);
    await expect(task.stream("again")).rejects.toThrow(unknown);
    await settled();
    expect(voice.heard).toHaveLength(1);
    expect(worker.worker.ignored).toBe(3);
  });

  it("ignores a request that comes twice, and refuses another requester's use of its id", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const other = await room.add("other");
    const worker = await room.add("worker", { answersByHand: true });
    const request = (source: string) => new BusTaskRequestMessage({ source, target: "worker", taskId: "t-1" });
    await voice.say(request("voice"));
    await voice.say(request("voice"));
    await voice.say(request("other"));
    await settled();
    expect(voice.heard).toEqual([]);
    expect(await other.hears(BusTaskResponseMessage)).toMatchObject({ taskId: "t-1", status: "failed" });
    expect(worker.worker.active.get("t-1")?.requester).toBe("voice");
    await worker.worker.active.get("t-1")?.respond("once");
    await settled();
    expect(voice.all(BusTaskResponseMessage).map((answer) => answer.response)).toEqual(["once"]);
  });

  it("refuses what is more than it may have open", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const { worker } = await room.add("worker", { answersByHand: true, maxActive: 2 });
    const runs = [1, 2, 3].map(() => voice.requester.task("worker"));
    const error = await failureOf(runs[2] as (typeof runs)[0], TaskError);
    expect(error).toMatchObject({ status: "failed", reason: "2 tasks are open already." });
    expect([voice.requester.groups.size, worker.active.size, worker.refused]).toEqual([2, 2, 1]);
    voice.requester.stop("over");
  });

  it("tells the requester when the answer cannot be sent", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const worker = await room.add("worker", {
      handlers: { default: () => 10n },
      send: (message, pass) => {
        const bad = message instanceof BusTaskResponseMessage && typeof message.response === "bigint";
        return bad ? Promise.reject(new Error("a bigint is not JSON")) : pass();
      },
    });
    const error = await failureOf(voice.requester.task("worker"), TaskError);
    expect(error.status).toBe("error");
    expect(error.reason).toContain("a bigint is not JSON");
    expect(await voice.hears(BusTaskResponseUrgentMessage)).toBeDefined();
    expect(worker.reported).toEqual([]);
    expect(worker.worker.active.size).toBe(0);
  });

  it("reports an answer that nobody could be told of", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const offline = new Error("offline");
    const worker = await room.add("worker", { handlers: { default: () => 1 }, send: () => Promise.reject(offline) });
    const run = voice.requester.task("worker");
    await settled();
    expect(worker.reported).toEqual([offline]);
    run.cancel();
  });

  it("hears that an update is wanted, from the requester only", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    await room.add("worker", {
      answersByHand: true,
      onRequest: (task) => void task.on("updateRequested", () => task.update({ progress: 0.5 })),
    });
    const run = voice.requester.task("worker");
    await settled();
    await voice.say(new BusTaskUpdateRequestMessage({ source: "stranger", target: "worker", taskId: run.id }));
    await run.requestUpdate();
    for await (const event of run) {
      expect(event).toEqual({ type: "update", data: { progress: 0.5 } });
      run.cancel();
    }
    expect(voice.heard.filter((message) => "update" in message)).toHaveLength(1);
  });
});

describe("a worker or requester that ends", () => {
  it("K21: a worker that stops answers cancelled, then and to what comes later", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const signals: AbortSignal[] = [];
    const worker = await room.add("worker", {
      answersByHand: true,
      onRequest: (task) => void signals.push(task.signal),
    });
    const runs = [voice.requester.task("worker"), voice.requester.task("worker")];
    await settled();
    await worker.worker.stop("agent ended");
    for (const run of runs) {
      expect(await failureOf(run, TaskError)).toMatchObject({ status: "cancelled", reason: "agent ended" });
    }
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
    const late = await failureOf(voice.requester.task("worker"), TaskError);
    expect(late).toMatchObject({ status: "cancelled", reason: "agent ended" });
    expect(signals).toHaveLength(2);
    await worker.worker.stop("again");
  });

  it("K21: requests to agents that are gone fail with the reason", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const worker = await room.add("worker", { answersByHand: true });
    await room.add("other", { answersByHand: true });
    const lost = voice.requester.task("worker");
    const notReady = voice.requester.task("unborn");
    const kept = voice.requester.task("other");
    await worker.hears(BusTaskRequestMessage);
    voice.requester.agentsGone(["worker", "unborn", "unheard of"], "link lost");
    for (const run of [lost, notReady]) {
      expect(await failureOf(run, TaskError)).toMatchObject({ status: "failed", reason: "link lost" });
    }
    expect([...voice.requester.groups.keys()]).toEqual([kept.id]);
    kept.cancel();
    await settled();
    expect(room.waiting).toBe(0);
  });

  it("a requester that is gone is answered no more, and its tasks' signals fire", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const worker = await room.add("worker", { answersByHand: true });
    const run = voice.requester.task("worker");
    await worker.hears(BusTaskRequestMessage);
    const task = worker.worker.active.get(run.id);
    worker.worker.requesterGone(["somebody"]);
    expect(task?.signal.aborted).toBe(false);
    worker.worker.requesterGone(["voice"]);
    expect(task?.signal.reason).toMatchObject({ reason: "requester gone" });
    expect(worker.worker.active.size).toBe(0);
    await settled();
    expect(worker.sent).toEqual([]);
    run.cancel();
  });

  it("a requester that stops cancels what is open and refuses what is asked later", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const worker = await room.add("worker", { answersByHand: true });
    const run = voice.requester.task("worker");
    await worker.hears(BusTaskRequestMessage);
    voice.requester.stop("agent ended");
    const late = voice.requester.task("worker");
    for (const ended of [run, late]) {
      expect(await failureOf(ended, TaskError)).toMatchObject({ status: "cancelled", reason: "agent ended" });
    }
    await settled();
    expect(worker.worker.active.size).toBe(0);
    expect(worker.all(BusTaskRequestMessage)).toHaveLength(1);
    expect(voice.requester.groups.size).toBe(0);
  });
});

describe("handlers of one worker", () => {
  async function started(
    names: readonly string[],
    handlerOf: (work: (task: TaskRequest) => Promise<string>) => object,
  ) {
    const room = new Room();
    const voice = await room.add("voice");
    const begun: string[] = [];
    const gates = new Map<string, Deferred<string>>();
    const work = (task: TaskRequest) => {
      const gate = deferred<string>();
      begun.push(String(task.payload));
      gates.set(String(task.payload), gate);
      return gate.promise;
    };
    await room.add("worker", { handlers: { ...handlerOf(work) } });
    const runs = names.map((name, i) => voice.requester.task("worker", { name, payload: `${name}${i}` }));
    await settled();
    return { begun, gates, runs };
  }

  it("A non-sequential handler runs same-name requests concurrently", async () => {
    const { begun, gates, runs } = await started(["a", "a"], (work) => ({ a: work }));
    expect(begun).toEqual(["a0", "a1"]);
    gates.get("a1")?.resolve("second");
    gates.get("a0")?.resolve("first");
    expect(await Promise.all(runs)).toEqual(["first", "second"]);
  });

  it("a task that is cancelled while it waits for its turn keeps no place in the queue", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    const gate = deferred();
    const begun: unknown[] = [];
    const queue = sequential(async (task: TaskRequest) => {
      begun.push(task.payload);
      await gate.promise;
    });
    const left: unknown[] = [];
    await room.add("worker", {
      handlers: {
        default: (task) => {
          const turn = queue(task);
          Promise.resolve(turn).catch(() => left.push(task.payload));
          return turn;
        },
      },
    });
    const runs = ["a", "b", "c", "d"].map((payload) => voice.requester.task("worker", { payload }));
    await settled();
    for (const run of runs.slice(1, 3)) run.cancel();
    await settled();
    // The first is still at work.
    expect([begun, left]).toEqual([["a"], ["b", "c"]]);
    gate.resolve();
    await Promise.all([runs[0], runs[3]]);
    expect(begun).toEqual(["a", "d"]);
  });

  it("A sequential handler runs same-name requests one at a time in FIFO order; locks are per name", async () => {
    const { begun, gates, runs } = await started(["a", "a", "b", "a"], (work) => ({
      a: sequential(work),
      b: sequential(work),
    }));
    expect(begun).toEqual(["a0", "b2"]);
    runs[1]?.cancel();
    gates.get("a0")?.reject(new Error("one that fails holds up nobody"));
    await settled();
    expect(begun).toEqual(["a0", "b2", "a3"]);
    gates.get("a3")?.resolve("done");
    expect(await runs[3]).toBe("done");
    gates.get("b2")?.resolve("done");
  });
});
