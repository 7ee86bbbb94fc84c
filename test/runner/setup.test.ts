import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { AgentRunner, BaseAgent } from "trunkline";
import { serveAgents } from "trunkline/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { assistantSession, RemoteClient } from "../proxy/remote-client.ts";
import { turns, until } from "../support/settled.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const setup = (name: string) => join(here, "setups", name);

/** What the program says when its operator names these modules. */
function said(modules: readonly string[], cwd = here): string[] {
  const program = join(here, "programs", "observed.ts");
  const args = ["--conditions=trunkline-source", "--import", import.meta.resolve("tsx"), program];
  const env = { ...process.env, TRUNKLINE_SETUP: modules.join(delimiter) };
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, env, encoding: "utf8" });
  expect([stderr, status]).toEqual(["", 0]);
  return stdout.trimEnd().split("\n");
}

describe("TRUNKLINE_SETUP in a process", { timeout: 60_000 }, () => {
  it("adds observers before the bus and the agents start, and the program is none the wiser", () => {
    expect(said([])).toEqual(["bus started", "ended", "left: nobody"]);
    const lines = said(["./setups/noting.mjs"]);
    expect(lines.slice(0, 2)).toEqual(["set up observed: plain created,piped created", "bus started"]);
    expect([...lines].sort()).toEqual(
      [
        "set up observed: plain created,piped created",
        "bus started",
        "asked about piped",
        "piped's pipeline started",
        "BusAgentReadyMessage of piped",
        "BusAgentReadyMessage of plain",
        "BusEndMessage of plain",
        "ended",
        "left: noting",
      ].sort(),
    );
  });

  it("takes paths from the working directory, absolute ones, file: URLs and packages, in their order", () => {
    const folder = mkdtempSync(join(tmpdir(), "trunkline-setup-"));
    try {
      const watching = join(folder, "node_modules", "watching");
      mkdirSync(watching, { recursive: true });
      writeFileSync(join(watching, "package.json"), '{ "name": "watching", "type": "module", "exports": "./main.js" }');
      writeFileSync(
        join(watching, "main.js"),
        "export const setupRunner = ({ name }) => console.log('package, ' + name);",
      );
      writeFileSync(join(folder, "near.mjs"), "export const setupRunner = () => console.log('near');");
      const url = pathToFileURL(setup("second.cjs")).href;
      const lines = said(["./near.mjs", url, "", "watching", setup("second.cjs"), url], folder);
      expect(lines).toEqual([
        "near",
        "second, observed",
        "package, observed",
        "second, observed",
        "second, observed",
        "bus started",
        "ended",
        "left: nobody",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ["./setups/missing.mjs", /Cannot find module/],
    ["no-such-package-here", /Cannot find package/],
    ["./setups/without.mjs", /it exports no function setupRunner\(runner\)/],
    ["./setups/throws.mjs", /no such exporter/],
  ])("%s fails the run, by name, and everything is released", (name, why) => {
    const lines = said(["./setups/second.cjs", name]);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe("second, observed");
    expect(lines[1]).toContain(`TL_SETUP_FAILED The module "${name}" of TRUNKLINE_SETUP did not set the runner up: `);
    expect(lines[1]).toMatch(why);
    expect(lines[2]).toBe("left: nobody");
  });
});

describe("TRUNKLINE_SETUP while a module takes its time", () => {
  afterEach(() => void vi.unstubAllEnvs());

  interface Hanging {
    resolve(): void;
    reject(error: Error): void;
  }
  async function hung() {
    vi.stubEnv("TRUNKLINE_SETUP", setup("hangs.mjs"));
    const runner = new AgentRunner({ handleSigint: false });
    const errors: Error[] = [];
    runner.on("error", (error) => void errors.push(error));
    const agent = new BaseAgent("a", { bus: runner.bus });
    await runner.addAgent(agent);
    let hanging: Hanging | undefined;
    Object.assign(runner, {
      hanging: (given: Hanging) => {
        hanging = given;
      },
    });
    const run = runner.run();
    await until(() => hanging !== undefined);
    return { runner, errors, agent, run, hanging: hanging as unknown as Hanging };
  }

  it("no agent starts, also one that is added meanwhile; then all do", async () => {
    const { runner, agent, run, hanging } = await hung();
    const late = new BaseAgent("late", { bus: runner.bus });
    await runner.addAgent(late);
    await turns();
    expect([agent.state, late.state]).toEqual(["created", "created"]);
    hanging.resolve();
    await until(() => agent.ready && late.ready);
    await runner.end();
    await run;
  });

  it.each(["end", "cancel"] as const)("%s() is heeded, nothing is left, and a late failure is told", async (how) => {
    const { runner, errors, agent, run, hanging } = await hung();
    await runner[how]("changed my mind");
    await run;
    expect([agent.state, runner.bus.subscriptions, errors]).toEqual(["ended", [], []]);
    hanging.reject(new Error("too late"));
    await until(() => errors.length === 1);
    expect(errors).toMatchObject([{ code: "TL_SETUP_FAILED" }]);
  });
});

describe("TRUNKLINE_SETUP in a server", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  it("sets up the runner of every session", async () => {
    vi.stubEnv("TRUNKLINE_SETUP", setup("names.mjs"));
    const names: string[] = [];
    vi.stubGlobal("runnersSetUp", names);
    const sessions: string[] = [];
    const server = await serveAgents({}, async (session) => {
      sessions.push(session.runner.name);
      await assistantSession(session);
    });
    for (const n of [1, 2]) {
      await using client = await RemoteClient.connected(server.url);
      expect(await client.double(n)).toBe(2 * n);
    }
    await server.close({ graceMs: 500 });
    // The clients, which are here too, have runners of their own.
    expect(names.filter((name) => name.startsWith("session-"))).toEqual(sessions);
    expect(sessions).toHaveLength(2);
  });

  it("refuses the clients whose session a module cannot set up, and says so once for each", async () => {
    vi.stubEnv("TRUNKLINE_SETUP", setup("throws.mjs"));
    await using server = await serveAgents({}, assistantSession);
    const errors: unknown[] = [];
    server.on("error", ({ error }) => void errors.push(error));
    for (const n of [1, 2]) {
      const websocket = new WebSocket(server.url);
      await new Promise((resolve) => websocket.addEventListener("close", resolve));
      await until(() => server.sessionCount === 0 && errors.length >= n);
      expect(errors).toHaveLength(n);
    }
    for (const error of errors) {
      expect(error).toMatchObject({ code: "TL_SESSION_FAILED", cause: { code: "TL_SETUP_FAILED" } });
    }
  });
});
