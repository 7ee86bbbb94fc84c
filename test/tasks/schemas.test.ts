import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { BusTaskCancelMessage } from "../../src/bus/index.ts";
import {
  sequential,
  TaskError,
  TaskGroupError,
  type TaskRequest,
  type TaskSchema,
  taskHandler,
} from "../../src/tasks/index.ts";
import { deferred } from "../../src/util/index.ts";
import { failureOf, Room, settled } from "./party.ts";

const topic = z.object({ topic: z.string(), tags: z.array(z.object({ name: z.string() })).default([]) });
const summary = z.object({ summary: z.string() });

/** A schema that does as it is told. */
function schema(validate: TaskSchema["~standard"]["validate"]): TaskSchema {
  return { "~standard": { version: 1, vendor: "test", validate } };
}
const throwing = schema(() => {
  throw new Error("no such table");
});
const rejecting = schema(() => Promise.reject(new Error("no such table")));

async function pair(handler: ReturnType<typeof taskHandler>) {
  const room = new Room();
  const voice = await room.add("voice");
  const worker = await room.add("worker", { handlers: { default: handler } });
  return { room, worker, ask: (payload?: unknown) => voice.requester.task("worker", { payload }) };
}

describe("taskHandler", () => {
  it("gives the handler what the payload's schema makes of it, and sends what the response's makes of it", async () => {
    const payloads: unknown[] = [];
    const shout = z.string().transform((text) => text.toUpperCase());
    const { ask } = await pair(
      taskHandler({ payload: topic, response: shout }, (task) => {
        payloads.push(task.payload);
        return `about ${task.payload.topic}`;
      }),
    );
    expect(await ask({ topic: "boots" })).toBe("ABOUT BOOTS");
    expect(payloads).toEqual([{ topic: "boots", tags: [] }]);
  });

  it("refuses a payload that does not fit with status failed, names where, and does not begin", async () => {
    const begun: unknown[] = [];
    const { ask, worker } = await pair(taskHandler({ payload: topic }, (task) => begun.push(task.payload)));
    const wrong = await failureOf(ask({ topic: 7, tags: [{ name: "a" }, {}] }), TaskError);
    expect([wrong.status, begun, worker.worker.active.size]).toEqual(["failed", [], 0]);
    expect(wrong.reason).toMatch(/^The payload does not fit: topic: .+; tags\[1\]\.name: /);
    expect(wrong.response).toEqual({ error: wrong.reason });
    const none = await failureOf(ask(), TaskError);
    expect(none.reason).toMatch(/^The payload does not fit: \S/);
  });

  it("names few flaws, in few words, however many and long they are", async () => {
    const picky = schema(() => ({
      issues: Array.from({ length: 1_000 }, () => ({ message: "m".repeat(10_000), path: ["k".repeat(10_000)] })),
    }));
    const { ask } = await pair(taskHandler({ payload: picky }, () => undefined));
    expect((await failureOf(ask(), TaskError)).reason.length).toBeLessThan(600);
  });

  it("answers a response that does not fit with status error", async () => {
    const { ask } = await pair(taskHandler({ response: summary }, () => ({ summary: 7 as unknown as string })));
    const error = await failureOf(ask(), TaskError);
    expect(error.status).toBe("error");
    expect(error.reason).toMatch(/^The response does not fit: summary: /);
  });

  it("checks what respond is given too, but not with another status, and then not what is returned", async () => {
    const said: unknown[] = [];
    const { ask } = await pair(
      taskHandler({ payload: z.string(), response: summary }, async (task) => {
        const status = task.payload === "busy" ? "failed" : "completed";
        const response = task.payload === "right" ? { summary: "whole" } : { error: task.payload };
        task.respond(response, { status }).catch((error: Error) => said.push(error.message));
        return undefined as never;
      }),
    );
    expect(await ask("right")).toEqual({ summary: "whole" });
    expect(await failureOf(ask("busy"), TaskError)).toMatchObject({ status: "failed", reason: "busy" });
    const wrong = await failureOf(ask("wrong"), TaskError);
    expect([wrong.status, said]).toEqual(["error", [wrong.reason]]);
  });

  it("waits for asynchronous schemas, and does not begin what was cancelled meanwhile", async () => {
    const gate = deferred();
    let begun = 0;
    const slow = v.pipeAsync(
      v.string(),
      v.checkAsync(async (text) => {
        if (text === "slow") await gate.promise;
        return text !== "bad";
      }, "is bad"),
    );
    const handler = taskHandler({ payload: slow, response: slow }, ({ payload }) => {
      begun += 1;
      return payload === "good" ? "good" : "bad";
    });
    const { ask } = await pair(handler);
    expect(await ask("good")).toBe("good");
    expect(await failureOf(ask("bad"), TaskError)).toMatchObject({
      status: "failed",
      reason: "The payload does not fit: is bad",
    });
    expect(await failureOf(ask("other"), TaskError)).toMatchObject({
      status: "error",
      reason: "The response does not fit: is bad",
    });
    begun = 0;
    const run = ask("slow");
    await settled();
    run.cancel("enough");
    gate.resolve();
    expect(await failureOf(run, TaskError)).toMatchObject({ status: "cancelled", reason: "enough" });
    await settled();
    expect(begun).toBe(0);
  });

  it.each([
    ["throws", throwing],
    ["rejects", rejecting],
  ])("a schema that %s is an error, not a hang", async (_, broken) => {
    for (const schemas of [{ payload: broken }, { response: broken }]) {
      const { ask, worker } = await pair(taskHandler(schemas, () => "done"));
      expect(await failureOf(ask(), TaskError)).toMatchObject({ status: "error", reason: "no such table" });
      expect(worker.worker.active.size).toBe(0);
    }
  });

  it("answers with what respond was given first, however long its schema takes and however the handler ends", async () => {
    for (const end of [
      () => Promise.reject(new Error("too late")),
      (task: TaskRequest) => task.respond({ error: "too late" }, { status: "failed" }),
    ]) {
      const checking = deferred<{ value: string }>();
      const slow = schema(() => checking.promise);
      const { ask, worker } = await pair(
        taskHandler({ response: slow }, async (task) => {
          void task.respond("first");
          await end(task);
        }),
      );
      const answer = ask();
      await settled();
      expect(worker.worker.active.size).toBe(1);
      checking.resolve({ value: "checked" });
      expect(await answer).toBe("checked");
    }
  });

  it("goes with sequential, either way round", async () => {
    for (const wrap of [
      (work: (text: string) => Promise<string>) =>
        sequential(taskHandler({ payload: z.string(), response: z.string() }, (task) => work(task.payload))),
      (work: (text: string) => Promise<string>) =>
        taskHandler(
          { payload: z.string(), response: z.string() },
          sequential((task) => work(task.payload)),
        ),
    ]) {
      let atWork = 0;
      let most = 0;
      const { ask } = await pair(
        wrap(async (text) => {
          atWork += 1;
          most = Math.max(most, atWork);
          await new Promise((resolve) => setImmediate(resolve));
          atWork -= 1;
          return text;
        }),
      );
      const wrong = failureOf(ask(7), TaskError);
      expect(await Promise.all([ask("a"), ask("b"), ask("c")])).toEqual(["a", "b", "c"]);
      expect([most, (await wrong).status]).toEqual([1, "failed"]);
    }
  });

  it("takes schemas only", () => {
    const notOne = { parse: () => undefined } as unknown as TaskSchema;
    expect(() => taskHandler({ payload: notOne }, () => undefined)).toThrow(/payload is no Standard Schema/);
    expect(() => taskHandler({ response: notOne }, () => undefined)).toThrow(/response is no Standard Schema/);
  });
});

describe("a response schema", () => {
  const answers =
    (...given: unknown[]) =>
    async () => {
      const room = new Room();
      const voice = await room.add("voice");
      const names = given.map((_, index) => `worker-${index}`);
      for (const [index, name] of names.entries()) {
        await room.add(name, {
          handlers: { default: (task) => (given[index] === "forever" ? new Promise(() => task) : given[index]) },
        });
      }
      return { voice, requester: voice.requester, names };
    };

  it("gives what it makes of the response, or a TaskError that says where it does not fit", async () => {
    const { requester, names } = await answers({ summary: "s", more: 1 }, { summary: 7 })();
    expect(await requester.task(names[0] ?? "", { responseSchema: summary })).toEqual({ summary: "s" });
    const error = await failureOf(requester.task(names[1] ?? "", { responseSchema: summary }), TaskError);
    expect(error).toMatchObject({ status: "error", response: { summary: 7 } });
    expect(error.reason).toMatch(/^The response does not fit: summary: /);
  });

  it("a member whose response does not fit has not completed: the group ends and the others are told", async () => {
    const { voice, requester, names } = await answers({ summary: "s" }, { summary: 7 }, "forever")();
    const error = await failureOf(requester.taskGroup(names, { responseSchema: summary }), TaskGroupError);
    expect(Object.keys(error.errors)).toEqual(["worker-1", "worker-2"]);
    expect(error.errors["worker-1"]?.status).toBe("error");
    expect(error.responses).toEqual({ "worker-0": { summary: "s" }, "worker-1": { summary: 7 } });
    const cancels = voice.sent.filter((message) => message instanceof BusTaskCancelMessage);
    expect(cancels.map(({ target }) => target)).toEqual(["worker-2"]);
  });

  it("is not asked about answers that are not completed", async () => {
    const room = new Room();
    const voice = await room.add("voice");
    await room.add("worker", {
      handlers: { default: (task) => task.respond({ error: "busy" }, { status: "failed" }) },
    });
    const error = await failureOf(voice.requester.task("worker", { responseSchema: throwing }), TaskError);
    expect(error).toMatchObject({ status: "failed", reason: "busy" });
  });

  it.each([
    ["throws", throwing],
    ["rejects", rejecting],
  ])("that %s is an error, not a hang", async (_, responseSchema) => {
    const { requester, names } = await answers("a")();
    const error = await failureOf(requester.task(names[0] ?? "", { responseSchema }), TaskError);
    expect(error).toMatchObject({ status: "error", reason: "The schema of the response failed: no such table" });
  });

  it("may be asynchronous; a deadline and a cancel hold meanwhile, and nobody is told who has answered", async () => {
    const { voice, requester, names } = await answers("a")();
    const never = schema(() => new Promise(() => {}));
    const late = requester.task(names[0] ?? "", { responseSchema: never, timeoutMs: 20 });
    expect(await failureOf(late, TaskError)).toMatchObject({ status: "cancelled", reason: "timeout" });
    const run = requester.task(names[0] ?? "", { responseSchema: never });
    await settled();
    // Its answer is here already.
    requester.agentsGone(names, "gone");
    run.cancel("enough");
    expect(await failureOf(run, TaskError)).toMatchObject({ status: "cancelled", reason: "enough" });
    expect(voice.sent.filter((message) => message instanceof BusTaskCancelMessage)).toEqual([]);
    const soon = schema(async (value) => ({ value: [value] }));
    expect(await requester.taskGroup(names, { responseSchema: soon })).toEqual({ "worker-0": ["a"] });
  });

  it("has to be one", async () => {
    const { requester } = await answers()();
    const responseSchema = {} as unknown as TaskSchema;
    expect(() => requester.task("worker", { responseSchema })).toThrow(/responseSchema is no Standard Schema/);
    expect(requester.groups.size).toBe(0);
  });
});
