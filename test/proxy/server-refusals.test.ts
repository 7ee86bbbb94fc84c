import { randomBytes } from "node:crypto";
import { AgentRunner, LocalBus } from "trunkline";
import { type RefusedData, type ServeAgentsOptions, type ServerCounters, serveAgents } from "trunkline/server";
import { afterEach, expect, it, vi } from "vitest";
import type { ClientOptions } from "ws";
import { until } from "../support/settled.ts";
import { assistantSession, RemoteClient } from "./remote-client.ts";
import { asRequest, handshakeLines, knock, RawSocket } from "./server-sockets.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

async function serving(options: ServeAgentsOptions = {}) {
  const refused: RefusedData[] = [];
  const server = await serveAgents(options, assistantSession);
  server.on("refused", (data) => void refused.push(data));
  server.on("error", () => {});
  return { server, refused, [Symbol.asyncDispose]: () => server.close({ graceMs: 500 }) };
}

/** The causes that were counted, and how often. */
const counted = ({ refused }: ServerCounters) => Object.fromEntries(Object.entries(refused).filter(([, n]) => n > 0));

it.each<[RefusedData["cause"], number, ServeAgentsOptions, string, ClientOptions]>([
  ["path", 404, {}, "/elsewhere", {}],
  ["origin", 403, {}, "/ws", { origin: "https://app.example" }],
  ["sessions", 503, { maxSessions: 0, maxConnections: 10 }, "/ws", {}],
  ["address", 429, { maxConnectionsPerAddress: 0, addressOf: () => "192.0.2.1" }, "/ws", {}],
  ["credentials", 401, { authenticate: () => undefined }, "/ws", {}],
  ["credentials", 401, { authenticate: () => Promise.reject(new Error("no")) }, "/ws", {}],
  ["credentials", 401, { authenticate: () => new Promise(() => {}), authenticateTimeoutMs: 20 }, "/ws", {}],
])(
  "a client that is refused for its %s with %d is told to who listens, and counted",
  async (cause, status, options, path, client) => {
    await using s = await serving(options);
    await using refused = await knock(`ws://127.0.0.1:${s.server.port}${path}`, client);
    expect(refused.status).toBe(status);
    const address = options.addressOf === undefined ? "127.0.0.1" : "192.0.2.1";
    expect(s.refused).toEqual([{ status, cause, address }]);
    expect(counted(s.server.counters)).toEqual({ [cause]: 1 });
    expect(s.server.sessionCount).toBe(0);
  },
);

const without = (header: string) => handshakeLines().filter((line) => !line.startsWith(header));

it.each<[string, number, readonly string[]]>([
  ["that is no request", 400, ["hello"]],
  ["with another method", 405, handshakeLines().map((line) => line.replace("GET", "POST"))],
  ["for another protocol", 400, [...without("Upgrade"), "Upgrade: h2c"]],
  ["without a key", 400, without("Sec-WebSocket-Key")],
  ["with a key that is too short", 400, [...without("Sec-WebSocket-Key"), "Sec-WebSocket-Key: short"]],
  ["of a version that is not spoken", 426, [...without("Sec-WebSocket-Version"), "Sec-WebSocket-Version: 99"]],
  ["with a subprotocol that is none", 400, [...handshakeLines(), "Sec-WebSocket-Protocol: ,,"]],
  ["with one subprotocol twice", 400, [...handshakeLines(), "Sec-WebSocket-Protocol: a, a"]],
])("a handshake %s is refused before anybody is asked", async (_what, status, lines) => {
  const authenticate = vi.fn(() => "ann");
  await using s = await serving({ authenticate });
  await using raw = await RawSocket.connected(s.server.port);
  expect(await raw.ask(asRequest(lines))).toBe(status);
  await raw.closed();
  expect(s.refused).toEqual([{ status, cause: "handshake", address: "127.0.0.1" }]);
  expect(counted(s.server.counters)).toEqual({ handshake: 1 });
  expect(authenticate).not.toHaveBeenCalled();
});

it("a client that the closing of the server turns away is told as such", async () => {
  const authenticate = vi.fn(() => new Promise(() => {}));
  await using s = await serving({ authenticate });
  const entering = knock(s.server.url);
  await until(() => authenticate.mock.calls.length === 1);
  await s.server.close();
  expect((await entering).status).toBe(503);
  expect(s.refused).toEqual([{ status: 503, cause: "closing", address: "127.0.0.1" }]);
});

it("an address in it can be printed, whatever a header says", async () => {
  const addressOf = () => `192.0.2.1\u001b[2J\n\u202e${"9".repeat(1_000)}`;
  await using s = await serving({ addressOf, authenticate: () => false });
  await using _refused = await knock(s.server.url);
  const [{ address = "" } = {}] = s.refused;
  expect(address).toMatch(/^192\.0\.2\.1\\u\{1b\}\[2J\\u\{a\}\\u\{202e\}9+…$/);
  expect(address.length).toBeLessThanOrEqual(129);
});

it("a handler that fails disturbs nobody", async () => {
  const written = vi.spyOn(console, "error").mockImplementation(() => {});
  await using s = await serving({ authenticate: ({ headers }) => headers.authorization });
  s.server.on("refused", () => Promise.reject(new Error("the log is full")));
  expect((await knock(s.server.url)).status).toBe(401);
  await until(() => written.mock.calls.length === 1);
  expect(String(written.mock.calls[0])).toContain('A handler of the server\'s "refused" failed: the log is full');
  await using client = await RemoteClient.connected(s.server.url, { headers: { authorization: "ann" } });
  expect(await client.double(1)).toBe(2);
});

it("P10: five hundred upgrades with bad credentials build nothing", async () => {
  const built = [
    vi.spyOn(LocalBus.prototype, "subscribe"),
    vi.spyOn(AgentRunner.prototype, "addAgent"),
    vi.spyOn(AgentRunner.prototype, "run"),
    vi.spyOn(crypto, "randomUUID"),
  ];
  const authenticate = ({ headers }: { headers: NodeJS.Dict<unknown> }) =>
    headers.authorization === "Bearer right" ? "ann" : undefined;
  let setUps = 0;
  const server = await serveAgents({ authenticate }, async (session) => {
    setUps += 1;
    await assistantSession(session);
  });
  const attempt = async () => {
    const headers = { authorization: `Bearer ${randomBytes(20).toString("hex")}` };
    await using refused = await knock(server.url, { headers });
    return refused.status;
  };
  for (let round = 0; round < 20; round++) {
    const statuses = await Promise.all(Array.from({ length: 25 }, attempt));
    expect(new Set(statuses)).toEqual(new Set([401]));
  }
  expect([server.sessionCount, setUps, server.counters.refused.credentials]).toEqual([0, 0, 500]);
  expect(built.map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0, 0]);
  // That these spies see a session at all.
  await using client = await knock(server.url, { headers: { authorization: "Bearer right" } });
  await until(() => built.every((spy) => spy.mock.calls.length > 0), "a session being built");
  expect([client.status, setUps]).toEqual([101, 1]);
  await client[Symbol.asyncDispose]();
  await server.close({ graceMs: 500 });
});
