import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type AgentGoneData, AgentRunner, BaseAgent, TaskError, type TaskRequest } from "trunkline";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { PipeBus } from "./pipe-bus.ts";

const heartbeatIntervalMs = 500;
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

function started(program: string, intervalMs: number) {
  const args = ["--conditions=trunkline-source", "--import", "tsx", program, String(intervalMs)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  return child;
}

/** A boss here, a worker in another process, and what the boss hears of the worker. */
async function twoProcesses(childIntervalMs = heartbeatIntervalMs) {
  const program = fileURLToPath(new URL("programs/worker.ts", import.meta.url));
  const child = started(program, childIntervalMs);
  const bus = new PipeBus(child.stdout, child.stdin);
  const runner = new AgentRunner({ name: "near", handleSigint: false, bus, heartbeatIntervalMs });
  const boss = new BaseAgent("boss", { bus });
  const gone: AgentGoneData[] = [];
  let ready = 0;
  boss.on("agentGone", (data) => void gone.push(data));
  await runner.addAgent(boss);
  const run = runner.run();
  await boss.watchAgent("worker", () => {
    ready += 1;
  });
  await until(() => ready === 1, "the worker's readiness", 10_000);
  const runnerEnded = async () => {
    await runner.end();
    await run;
  };
  return { child, boss, gone, ready: () => ready, runnerEnded };
}

describe("a runner in another process", { timeout: 60_000 }, () => {
  it("K40: that is stopped is noticed, its open task fails, and it is known again when it goes on", async () => {
    const { child, boss, gone, ready, runnerEnded } = await twoProcesses();
    expect(await boss.task("worker", { name: "echo", payload: 1 })).toBe(1);
    const open = boss.task("worker", { name: "forever" });
    child.kill("SIGSTOP");
    const error = await open.then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({ agentName: "worker", status: "failed", reason: "silent" });
    await until(() => gone.length === 1);
    expect(gone).toEqual([{ agentName: "worker", runner: "far", reason: "silent" }]);
    expect(boss.registry.has("worker")).toBe(false);
    child.kill("SIGCONT");
    await until(() => ready() === 2, "the worker's return", 10_000);
    expect(await boss.task("worker", { name: "echo", payload: 2 })).toBe(2);
    await runnerEnded();
    child.stdin?.end();
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
  });

  it("K40: that is killed is noticed, its open task fails, and agentGone fires once", async () => {
    const { child, boss, gone, runnerEnded } = await twoProcesses();
    const open = boss.task("worker", { name: "forever" });
    child.kill("SIGKILL");
    await expect(open).rejects.toMatchObject({ status: "failed", reason: "silent" });
    await until(() => gone.length === 1);
    expect(gone).toEqual([{ agentName: "worker", runner: "far", reason: "silent" }]);
    await runnerEnded();
  });

  it("K40: that sends no heartbeats is never taken for silent", async () => {
    const { child, boss, gone, runnerEnded } = await twoProcesses(0);
    child.kill("SIGSTOP");
    const open = boss.task("worker", { name: "echo", timeoutMs: 4 * heartbeatIntervalMs });
    await expect(open).rejects.toMatchObject({ reason: "timeout" });
    expect([gone, boss.registry.has("worker")]).toEqual([[], true]);
    child.kill("SIGCONT");
    await runnerEnded();
  });

  it("K40: that was stopped for too long hears that what it had asked for was given up meanwhile", async () => {
    const program = fileURLToPath(new URL("programs/asker.ts", import.meta.url));
    const child = started(program, heartbeatIntervalMs);
    const bus = new PipeBus(child.stdout, child.stdin);
    const runner = new AgentRunner({ name: "near", handleSigint: false, bus, heartbeatIntervalMs });
    const home = new BaseAgent("home", { bus });
    const given: { up?: boolean; failed?: unknown } = {};
    home.tasks = {
      forever: ({ signal }: TaskRequest) => {
        signal.addEventListener("abort", () => {
          given.up = true;
        });
        given.up = false;
        return new Promise(() => {});
      },
      failed: ({ payload }: TaskRequest) => {
        given.failed = payload;
      },
    };
    await runner.addAgent(home);
    const run = runner.run();
    await until(() => given.up === false, "the request", 10_000);
    child.kill("SIGSTOP");
    await until(() => given.up === true, "the work being given up", 10_000);
    child.kill("SIGCONT");
    await until(() => given.failed !== undefined, "the failure of the request", 10_000);
    expect(given.failed).toMatchObject({ agentName: "home", status: "failed", reason: "silent" });
    await runner.end();
    await run;
    child.stdin.end();
    await once(child, "exit");
  });
});
