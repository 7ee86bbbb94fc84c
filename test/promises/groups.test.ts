import { BaseAgent, BusTaskCancelMessage, TaskGroupError, type TaskHandler, type TaskRequest } from "trunkline";
import { describe, expect, it, vi } from "vitest";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";

class Member extends BaseAgent {
  constructor(name: string, bus: BaseAgent["bus"], work: TaskHandler) {
    super(name, { bus });
    this.tasks = { default: work };
  }
}

/** A boss, and members that each do one thing with every task. */
async function team(works: Readonly<Record<string, TaskHandler>>) {
  const members = Object.keys(works);
  const running = await Running.with(({ bus }) => [
    new BaseAgent("boss", { bus }),
    ...Object.entries(works).map(([name, work]) => new Member(name, bus, work)),
  ]);
  const { runner } = running;
  const recording = await Recording.of(runner.bus);
  const boss = runner.getAgent("boss") as BaseAgent;
  const working = () => members.filter((name) => runner.getAgent(name)?.activeTasks.size === 1);
  return { running, recording, boss, members, working };
}

const forever = () => new Promise<never>(() => {});
const cancelsOf = (recording: Recording) =>
  recording
    .all(BusTaskCancelMessage)
    .map(({ target }) => target)
    .sort();

describe("Groups and single-task contexts", () => {
  it('"An exception in the scope body cancels the members with reason "context exited with error" and propagates": the reason is "scope exited", for whoever leaves it', async () => {
    const { running, recording, boss, members, working } = await team({ a: forever, b: forever });
    await using _ = running;
    const body = async () => {
      await using run = boss.taskGroup(members);
      await until(() => working().length === 2);
      throw new Error(`the body of ${run.agentNames}`);
    };
    await expect(body()).rejects.toThrow("the body of a,b");
    await until(() => working().length === 0 && cancelsOf(recording).length === 2);
    expect(cancelsOf(recording)).toEqual(members);
    expect(recording.all(BusTaskCancelMessage)[0]?.reason).toBe("scope exited");
    expect(boss.taskGroups.size).toBe(0);
  });

  it('"The error hook fires once with source, response, status": the run rejects once, with all three', async () => {
    const fails = (task: TaskRequest) => task.respond({ error: "no oven", left: 2 }, { status: "failed" });
    const { running, boss, members } = await team({ a: fails, b: forever });
    await using _ = running;
    const hook = vi.fn();
    await boss.taskGroup(members).catch(hook);
    expect(hook).toHaveBeenCalledTimes(1);
    const [error] = hook.mock.calls[0] as [TaskGroupError];
    expect(error).toBeInstanceOf(TaskGroupError);
    const response = { error: "no oven", left: 2 };
    expect(error.errors.a).toMatchObject({ agentName: "a", response, status: "failed" });
  });

  it('"The id is readable inside the scope and unchanged after", "The completion hook fires even when a scope is used"', async () => {
    const ids: string[] = [];
    const { running, boss, members } = await team({ a: (task) => ids.push(task.taskId) });
    await using _ = running;
    const hook = vi.fn();
    const run = boss.taskGroup(members);
    {
      await using scoped = run;
      ids.push(scoped.id);
      void scoped.then(hook);
      await scoped;
    }
    expect([...new Set([...ids, run.id])]).toHaveLength(1);
    expect(run.id).not.toBe("");
    expect(hook.mock.calls).toEqual([[{ a: 2 }]]);
  });

  it('"Iterating yields updates in order with member name, excluding the final response"', async () => {
    const works = async (task: TaskRequest) => {
      await task.update(1);
      await task.update(2);
      return "done";
    };
    const { running, boss, members } = await team({ a: works });
    await using _ = running;
    const seen: unknown[] = [];
    for await (const event of boss.taskGroup(members)) seen.push(event);
    expect(seen).toEqual([
      { agentName: "a", type: "update", data: 1 },
      { agentName: "a", type: "update", data: 2 },
    ]);
  });

  it('"Events of several members interleave; a plain response is not an event"', async () => {
    const open: Record<string, () => void> = {};
    const works = (name: string) => async (task: TaskRequest) => {
      for (const step of [1, 2]) {
        await new Promise<void>((resolve) => {
          open[name] = resolve;
        });
        await task.update(step);
      }
      return "plain";
    };
    const { running, boss, members, working } = await team({ a: works("a"), b: works("b") });
    await using _ = running;
    const run = boss.taskGroup(members);
    await until(() => working().length === 2);
    open.b?.();
    const seen: string[] = [];
    for await (const { agentName, data } of run) {
      seen.push(`${agentName}${data}`);
      open[agentName === "a" ? "b" : "a"]?.();
    }
    expect(seen).toEqual(["b1", "a1", "b2", "a2"]);
    expect(await run).toEqual({ a: "plain", b: "plain" });
  });

  it('"Urgent responses are collected like normal ones"', async () => {
    const urgent = (task: TaskRequest) => task.respond("first", { urgent: true });
    const { running, boss, members } = await team({ a: urgent, b: () => "second" });
    await using _ = running;
    expect(await boss.taskGroup(members)).toEqual({ a: "first", b: "second" });
  });

  it('"Caller cancellation inside a group body cancels members and clears the group (use AbortSignal)"', async () => {
    const { running, recording, boss, members, working } = await team({ a: forever, b: forever });
    await using _ = running;
    const caller = new AbortController();
    const body = async () => {
      await using run = boss.taskGroup(members, { signal: caller.signal });
      await until(() => working().length === 2);
      caller.abort(new Error("hung up"));
      return await run;
    };
    await expect(body()).rejects.toMatchObject({ name: "TaskGroupError", reason: "hung up" });
    await until(() => working().length === 0 && cancelsOf(recording).length === 2);
    expect([cancelsOf(recording), boss.taskGroups.size]).toEqual([members, 0]);
  });
});
