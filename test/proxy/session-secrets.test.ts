import { serveAgents } from "trunkline/server";
import { afterEach, expect, it, vi } from "vitest";
import { HandClient, HandSocket } from "../resume/hand-client.ts";
import { until } from "../support/settled.ts";
import { Assistant, assistantSession } from "./remote-client.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

class Complaining extends Assistant {
  /** Reports these words as an error of the session. */
  complain(words: string): void {
    this.report(new Error(words));
  }
}

it("what a session's errors quote of the request that it began with, and of the latest, is in no log line", async () => {
  const written = vi.spyOn(console, "error").mockImplementation(() => {});
  const agents: Complaining[] = [];
  await using server = await serveAgents({}, async ({ runner, proxy }) => {
    const agent = new Complaining("assistant", { bus: runner.bus });
    await runner.addAgent(proxy({ agentName: "assistant", remoteAgentName: "acme" }));
    await runner.addAgent(agent);
    agents.push(agent);
  });
  const bearing = (secret: string) => ({ "x-key": secret });
  await using client = await HandClient.begin(server.url, bearing("first-7GhK2"));
  await until(() => agents[0]?.ready === true, "the session being there");
  for (const secret of ["second-Xy55q", "third-Pq09z"]) {
    await client.cut();
    await (await client.connect({}, { headers: bearing(secret) })).control("resumed");
  }
  agents[0]?.complain("the directory knows neither first-7GhK2 nor third-Pq09z");
  await until(() => written.mock.calls.length > 0, "the line being written");
  expect(String(written.mock.calls[0])).toContain("the directory knows neither […] nor […]");
});

it("ids and tokens of sessions are in no error, no log line and no refused", async () => {
  const written = vi.spyOn(console, "error").mockImplementation(() => {});
  const refused: unknown[] = [];
  const told: unknown[] = [];
  let fails = false;
  const server = await serveAgents(
    {
      authenticate: ({ headers }) => headers.authorization,
      samePrincipal: (known, given) => {
        if (fails) throw new Error("the directory is away");
        return known === given;
      },
    },
    async (session) => {
      await assistantSession(session);
      const gateway = session.runner.getAgent("gateway");
      for (const name of ["interrupted", "sessionLost", "clientDisconnected", "rejected"]) {
        gateway?.on(name as "error", (data: unknown) => void told.push(data));
      }
    },
  );
  server.on("refused", (data) => void refused.push(data));
  const client = await HandClient.begin(server.url, { authorization: "ann" });
  const { sid = "" } = client;
  const secrets = new Set([sid, client.token ?? ""]);

  const hello = { t: "hello", v: 1, sid, token: client.token, received: client.received };
  const wrong = [
    ["ann", { ...hello, token: "b".repeat(22) }],
    ["ben", hello],
    ["ann", { ...hello, received: -1 }],
  ] as const;
  for (const [authorization, said] of wrong) {
    await using stranger = await HandSocket.open(server.url, { headers: { authorization } });
    stranger.say(said);
    await stranger.ended();
  }
  fails = true;
  await using unlucky = await HandSocket.open(server.url, { headers: { authorization: "ann" } });
  unlucky.say(hello);
  await unlucky.ended();
  fails = false;
  await client.cut();
  await client.resume();
  secrets.add(client.token ?? "");
  // What it quotes itself is its own affair, and is not said again either.
  client.socket.say({ t: "resumed", received: 0, token: client.token });
  await client.socket.ended();
  await until(() => server.sessionCount === 0 && told.length >= 3, "the session being lost");

  expect(secrets.size).toBe(3);
  expect(refused).toMatchObject([{ cause: "token" }, { cause: "principal" }, { cause: "hello" }]);
  expect(written.mock.calls.length).toBeGreaterThan(0);
  const said = JSON.stringify([written.mock.calls, refused, told, server.counters]);
  for (const secret of secrets) expect(said).not.toContain(secret);
  await client[Symbol.asyncDispose]();
  await server.close({ graceMs: 200 });
});
