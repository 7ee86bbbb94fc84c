import { once } from "node:events";
import { Admission, type AgentSession, type ServeAgentsOptions, serveAgents } from "trunkline/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Expiry } from "../../src/proxy/expiry.ts";
import { until } from "../support/settled.ts";
import { assistantSession, RemoteClient } from "./remote-client.ts";
import { asRequest, handshakeLines, knock, RawSocket } from "./server-sockets.ts";

async function serving(options: ServeAgentsOptions) {
  const sessions: AgentSession[] = [];
  const errors: string[] = [];
  const server = await serveAgents(options, async (session) => {
    sessions.push(session);
    await assistantSession(session);
  });
  server.on("error", ({ error }) => void errors.push(error.message));
  return { server, sessions, errors, [Symbol.asyncDispose]: () => server.close({ graceMs: 500 }) };
}

const soon = () => Date.now() + 400;

describe("credentials that expire", () => {
  it.each([
    ["a date", () => new Date(soon())],
    ["milliseconds", soon],
  ])("close their connection with 4401 when they do: %s", async (_what, expiresAt) => {
    let at = 0;
    await using s = await serving({
      authenticate: async () => {
        const admission = new Admission({ user: "ann" }, { expiresAt: expiresAt() });
        at = admission.expiresAt ?? 0;
        return admission;
      },
    });
    await using client = await knock(s.server.url);
    const [code, reason] = (await once(client.socket, "close")) as [number, Buffer];
    expect([code, String(reason)]).toEqual([4401, "credentials expired"]);
    expect(Date.now()).toBeGreaterThanOrEqual(at);
    expect(Date.now()).toBeLessThan(at + 1_000);
    expect(s.sessions[0]?.principal).toEqual({ user: "ann" });
    await until(() => s.server.sessionCount === 0, "the session being over");
    expect(s.sessions[0]?.signal.aborted).toBe(true);
    expect(s.errors).toEqual([]);
  });

  it("let agents work until then, and after that with fresh ones", async () => {
    await using s = await serving({ authenticate: () => new Admission("ann", { expiresAt: Date.now() + 1_000 }) });
    await using client = await RemoteClient.connected(s.server.url);
    expect(await client.double(4)).toBe(8);
    await until(() => client.resumed === 1, "the session going on with fresh credentials");
    expect(client.interrupted).toMatchObject([{ code: 4401, reason: "credentials expired" }]);
    expect(await client.double(5)).toBe(10);
  });

  it("cut a client that does not answer", async () => {
    await using s = await serving({
      authenticate: () => new Admission("ann", { expiresAt: soon() }),
      link: { closeTimeoutMs: 200 },
    });
    await using deaf = await RawSocket.connected(s.server.port);
    expect(await deaf.ask(asRequest(handshakeLines()))).toBe(101);
    const lastedMs = await deaf.closed();
    expect(lastedMs).toBeGreaterThan(500);
    expect(lastedMs).toBeLessThan(3_000);
    await until(() => s.server.sessionCount === 0, "the session being over");
  });

  it("end a session whose setup is still at work", async () => {
    const sessions: AgentSession[] = [];
    const authenticate = () => new Admission("ann", { expiresAt: soon() });
    await using server = await serveAgents({ authenticate }, (session) => {
      sessions.push(session);
      return new Promise(() => {});
    });
    await using client = await knock(server.url);
    const [code] = (await once(client.socket, "close")) as [number];
    expect(code).toBe(4401);
    await until(() => server.sessionCount === 0, "the session being over");
    expect(sessions[0]?.signal.aborted).toBe(true);
  });

  it.each<[string, () => unknown]>([
    ["have expired", () => new Admission("ann", { expiresAt: Date.now() - 1 })],
    ["expire now", () => new Admission("ann", { expiresAt: Date.now() })],
    ["expired in 1970", () => new Admission("ann", { expiresAt: 0 })],
    ["never were", () => new Admission(undefined, { expiresAt: soon() })],
    ["say no", () => new Admission(false)],
    ["have a date that is none", () => new Admission("ann", { expiresAt: new Date("tomorrow") })],
    ["have a number that is none", () => new Admission("ann", { expiresAt: Number.NaN })],
  ])("let nobody in when they %s", async (_what, authenticate) => {
    await using s = await serving({ authenticate });
    await using client = await knock(s.server.url);
    expect([client.status, s.sessions.length, s.server.counters.refused.credentials]).toEqual([401, 0, 1]);
    const invalid = "A client was refused because authenticate failed: expiresAt is neither a valid date nor";
    if (s.errors.length > 0) expect(s.errors[0]).toContain(invalid);
    expect(s.errors).toHaveLength(_what.endsWith("that is none") ? 1 : 0);
  });

  it.each<[string, Date | number | undefined]>([
    ["in a thousand years", new Date("3026-01-01")],
    ["at the end of time", 8.64e15],
    ["never", Number.POSITIVE_INFINITY],
    ["not that anybody said", undefined],
  ])("keep nobody from working before: %s", async (_what, expiresAt) => {
    await using s = await serving({ authenticate: () => new Admission("ann", { expiresAt }) });
    await using client = await RemoteClient.connected(s.server.url);
    expect(await client.double(4)).toBe(8);
    expect(client.disconnected).toEqual([]);
    expect(s.sessions[0]?.principal).toBe("ann");
  });
});

describe("an expiry", () => {
  const hours = 3_600_000;
  const begin = new Date("2030-01-01").getTime();
  const timers = () => vi.useFakeTimers({ now: begin, toFake: ["setTimeout", "clearTimeout", "Date"] });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("comes once and not before its time, also beyond what a timer can wait", () => {
    timers();
    const expired = vi.fn();
    const inAMonth = new Expiry(begin + 24 * 31 * hours, expired);
    vi.advanceTimersByTime(24 * 31 * hours - 1);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(expired).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(24 * hours);
    expect(expired).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
    inAMonth.cancel();
  });

  it("is found within a minute when the clock is set, or the machine has slept", () => {
    timers();
    const expired = vi.fn();
    const expiry = new Expiry(begin + 8 * hours, expired);
    vi.advanceTimersByTime(1_000);
    vi.setSystemTime(begin + 9 * hours);
    vi.advanceTimersByTime(60_000);
    expect(expired).toHaveBeenCalledOnce();
    expiry.cancel();
  });

  it("leaves nothing when it is cancelled", () => {
    timers();
    const expired = vi.fn();
    const expiry = new Expiry(begin + hours, expired);
    vi.advanceTimersByTime(hours / 2);
    expiry.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(hours);
    expect(expired).not.toHaveBeenCalled();
  });
});
