import type { IncomingMessage } from "node:http";
import type { AgentSession } from "trunkline/server";
import { expect, it } from "vitest";
import { interrupt, Stage } from "../resume/server-stage.ts";
import { until } from "../support/settled.ts";

const as = (user: string, role = "guest") => ({ authorization: user, "x-role": role });
const userAndRole = ({ headers }: IncomingMessage) => ({ user: headers.authorization, role: headers["x-role"] });

it("a revoked principal cannot resume, and its session works on until its window ends", async () => {
  let revoked = false;
  await using stage = await Stage.open({
    authenticate: (request) => (revoked ? undefined : userAndRole(request)),
    link: { windowMs: 1_500 },
  });
  const joined = await stage.joined(as("ann"));
  const { session, assistant } = joined.staged;
  revoked = true;
  await interrupt(joined);
  await expect(joined.client.connect()).rejects.toThrow("status 401");
  expect(await session.runner.getAgent("assistant")?.task("assistant", { name: "count", timeoutMs: 1_000 })).toEqual({
    counted: 1,
  });
  expect([session.signal.aborted, assistant.counted]).toEqual([false, 1]);
  await joined.staged.tells("sessionLost");
  expect(joined.staged.told("sessionLost")).toMatchObject([{ reason: "expired" }]);
  await until(() => session.signal.aborted, "the session being over");
});

it.for(["connected", "suspended"])("a session whose runner is cancelled is over at once: %s", async (how) => {
  const sessions: AgentSession[] = [];
  const stage = await Stage.open({}, { before: async (session) => void sessions.push(session) });
  await using _closing = stage;
  const joined = await stage.joined();
  const { client, staged } = joined;
  if (how === "suspended") await interrupt(joined);
  await sessions[0]?.runner.cancel("revoked");
  await until(() => staged.session.signal.aborted && stage.server.sessionCount === 0, "the session being over");
  if (how === "connected") await client.socket.ended();
  expect(await client.comeBackTooLate()).toMatchObject({ lost: "unknown" });
  expect(staged.told("resumed")).toEqual([]);
});

it("a principal that is another in any part cannot resume, unless samePrincipal says that it may", async () => {
  await using strict = await Stage.open({ authenticate: userAndRole });
  const { client } = await strict.joined(as("ann", "admin"));
  const socket = await client.connect({}, { headers: as("ann", "guest") });
  expect(await socket.ended()).toMatchObject({ code: 4503 });

  const userOf = (principal: unknown) => (principal as { readonly user: string }).user;
  const samePrincipal = (known: unknown, given: unknown) => userOf(known) === userOf(given);
  await using lenient = await Stage.open({ authenticate: userAndRole, samePrincipal });
  const { client: other, staged } = await lenient.joined(as("ann", "admin"));
  await (await other.connect({}, { headers: as("ann", "guest") })).control("resumed");
  await staged.tells("resumed");
  // It is who it was at first, also where the new credentials say less.
  expect(staged.session.principal).toEqual({ user: "ann", role: "admin" });
  expect(staged.session.request.headers["x-role"]).toBe("admin");
});
