import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "trunkline";
import { type AgentServer, type RefusedData, type ServeAgentsOptions, serveAgents } from "trunkline/server";
import { describe, expect, it } from "vitest";
import { selfSigned } from "../support/self-signed.ts";
import { until } from "../support/settled.ts";
import { assistantSession } from "./remote-client.ts";
import { asRequest, handshakeLines, knock, RawSocket } from "./server-sockets.ts";

const deadlineMs = 400;
// For a machine that has other things to do; what is not bounded at all lasts longer.
const slackMs = 1_500;

/** Agents at a server of their own, or at one that is there for other things too. */
class Serving implements AsyncDisposable {
  readonly agents: AgentServer;
  readonly refused: RefusedData[] = [];
  readonly http: Server | undefined;

  private constructor(agents: AgentServer, http: Server | undefined) {
    this.agents = agents;
    this.http = http;
    agents.on("refused", (data) => void this.refused.push(data));
  }

  static async own(options: ServeAgentsOptions = {}): Promise<Serving> {
    return new Serving(await serveAgents({ handshakeTimeoutMs: deadlineMs, ...options }, assistantSession), undefined);
  }

  static async attached(answer = (response: ServerResponse): unknown => response.end("mine")): Promise<Serving> {
    // Node's own limits are off, to see ours.
    const limits = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 };
    const http = createServer(limits, (_request, response) => answer(response));
    await once(http.listen(0, "127.0.0.1"), "listening");
    return new Serving(await serveAgents({ server: http, handshakeTimeoutMs: deadlineMs }, assistantSession), http);
  }

  get port(): number {
    return this.agents.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agents.close({ graceMs: 500 });
    this.http?.closeAllConnections();
    if (this.http !== undefined) await once(this.http.close(), "close");
  }
}

/** Writes piece after piece until the socket is closed. */
async function drip(raw: RawSocket, pieces: Iterable<string>, everyMs: number): Promise<void> {
  for (const piece of pieces) {
    if (raw.lastedMs !== undefined) return;
    raw.socket.write(piece, "latin1");
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function* endlessHeaders(): Generator<string> {
  yield `${handshakeLines().join("\r\n")}\r\n`;
  for (let index = 0; ; index++) yield `X-${index % 50}: y\r\n`;
}

const slow: readonly (readonly [string, (raw: RawSocket) => Promise<void>])[] = [
  ["says nothing", async () => {}],
  ["stops in the middle", async (raw) => void raw.socket.write(handshakeLines().join("\r\n").slice(0, 60))],
  ["drips byte after byte", (raw) => drip(raw, asRequest(handshakeLines()), 30)],
  ["never ends its headers", (raw) => drip(raw, endlessHeaders(), 40)],
];

describe.each([
  ["a server of its own", () => Serving.own()],
  ["a server it is attached to", () => Serving.attached()],
])("at %s", (_where, begin) => {
  it.each(slow)("a socket that %s is gone when its time is over", async (_what, say) => {
    await using serving = await begin();
    await using raw = await RawSocket.connected(serving.port);
    await say(raw);
    const lastedMs = await raw.closed();
    expect(lastedMs).toBeGreaterThan(deadlineMs - 50);
    expect(lastedMs).toBeLessThan(deadlineMs + slackMs);
    expect(raw.heard).toMatch(/^HTTP\/1\.1 408 /);
    await until(() => serving.refused.length === 1, "it being told");
    expect(serving.refused).toEqual([{ status: 408, cause: "handshake", address: "127.0.0.1" }]);
  });

  it("a body on a handshake is refused at once", async () => {
    await using serving = await begin();
    for (const header of ["Content-Length: 100000", "Transfer-Encoding: chunked"]) {
      await using raw = await RawSocket.connected(serving.port);
      expect(await raw.ask(asRequest([...handshakeLines(), header]))).toBe(400);
      await raw.closed();
    }
    expect(serving.refused.map(({ status, cause }) => [status, cause])).toEqual([
      [400, "handshake"],
      [400, "handshake"],
    ]);
  });

  it("whoever has been let in stays", async () => {
    await using serving = await begin();
    await using client = await knock(serving.agents.url);
    await using silent = await RawSocket.connected(serving.port);
    await silent.closed();
    await using late = await RawSocket.connected(serving.port);
    await late.closed();
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    expect(serving.agents.sessionCount).toBe(1);
  });
});

it("a request that drips in, and a hello that never ends after it, have both times together and no more", async () => {
  // The five seconds for hello, by a clock that is ten times too fast.
  const clock: Clock = {
    now: () => performance.now() * 10,
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs / 10);
      return () => clearTimeout(timer);
    },
  };
  const helloMs = 500;
  await using serving = await Serving.own({ link: { clock } });
  await using raw = await RawSocket.connected(serving.port);
  const lines = [...handshakeLines(), "Sec-WebSocket-Protocol: trunkline.resume.v1"];
  await drip(raw, asRequest(lines).match(/[\s\S]{1,100}/g) ?? [], 40);
  await until(() => raw.heard.startsWith("HTTP/1.1 101 "), "it being let in");
  // A masked text frame of 4,095 bytes, one at a time.
  await drip(raw, ["\x81", "\xfe", "\x0f\xff", "\0\0\0\0", ..."x".repeat(200)], 20);
  const lastedMs = await raw.closed();
  expect(lastedMs).toBeGreaterThan(helloMs);
  expect(lastedMs).toBeLessThan(deadlineMs + helloMs + slackMs);
  await until(() => serving.refused.length === 1, "it being told");
  expect(serving.refused).toEqual([{ status: undefined, cause: "hello", address: "127.0.0.1" }]);
  expect([serving.agents.sessionCount, serving.agents.counters.refused.hello]).toEqual([0, 1]);
});

it("a body that drips in after any other request ends with the answer", async () => {
  await using serving = await Serving.own();
  for (const path of ["/health", "/", "/ws"]) {
    await using raw = await RawSocket.connected(serving.port);
    const status = await raw.ask(asRequest([`GET ${path} HTTP/1.1`, "Host: me", "Content-Length: 100000"]));
    expect(status).toBe(path === "/health" ? 200 : 404);
    void drip(raw, "x".repeat(100), 20);
    expect(await raw.closed()).toBeLessThan(deadlineMs + slackMs);
  }
});

it("authenticate has its own time, which begins when the request is there", async () => {
  await using serving = await Serving.own({
    authenticate: () => new Promise((resolve) => setTimeout(resolve, deadlineMs * 2, "ann")),
  });
  await using client = await knock(serving.agents.url);
  expect(client.status).toBe(101);
});

it("who asked in time and is refused late is told of it", async () => {
  await using serving = await Serving.own({ authenticate: () => new Promise(() => {}), authenticateTimeoutMs: 600 });
  serving.agents.on("error", () => {});
  await using raw = await RawSocket.connected(serving.port);
  expect(await raw.ask(asRequest(handshakeLines()))).toBe(401);
  expect(await raw.closed()).toBeGreaterThan(550);
});

it("a server it is attached to keeps its own requests, however slow they are", async () => {
  const responses: ServerResponse[] = [];
  await using serving = await Serving.attached((response) => responses.push(response));
  await using asking = await RawSocket.connected(serving.port);
  asking.socket.write(asRequest(["GET /events HTTP/1.1", "Host: me"]));
  await using sending = await RawSocket.connected(serving.port);
  sending.socket.write(asRequest(["POST /files HTTP/1.1", "Host: me", "Content-Length: 10"]));
  await until(() => responses.length === 2);
  await using silent = await RawSocket.connected(serving.port);
  await silent.closed();
  sending.socket.write("0123456789");
  for (const response of responses) response.end("at last");
  await until(() => asking.heard.endsWith("at last\r\n0\r\n\r\n") || asking.heard.endsWith("at last"), "the answer");
  await until(() => sending.heard.includes("at last"), "the other answer");
  expect(serving.refused).toHaveLength(1);
});

it("behind TLS the time begins when that is agreed on", async () => {
  const certificate = selfSigned();
  const https = createTlsServer({ ...certificate, headersTimeout: 0, requestTimeout: 0 });
  await once(https.listen(0, "127.0.0.1"), "listening");
  const agents = await serveAgents({ server: https, handshakeTimeoutMs: deadlineMs }, assistantSession);
  for (const said of ["", "GET /ws HTTP/1.1\r\nX: "]) {
    const socket = connectTls({ port: agents.port, host: "127.0.0.1", ca: certificate.cert });
    await once(socket, "secureConnect");
    const begun = performance.now();
    let heard = "";
    socket.on("data", (data) => {
      heard += String(data);
    });
    socket.on("error", () => {});
    socket.write(said);
    await once(socket, "close");
    expect(performance.now() - begun).toBeLessThan(deadlineMs + slackMs);
    expect(heard).toMatch(/^HTTP\/1\.1 408 /);
  }
  await using client = await knock(agents.url, { ca: certificate.cert });
  await new Promise((resolve) => setTimeout(resolve, deadlineMs * 2));
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  await client[Symbol.asyncDispose]();
  await agents.close({ graceMs: 500 });
  https.closeAllConnections();
  await once(https.close(), "close");
});

it("a server it was attached to is as it was before when the agents are closed", async () => {
  const http = createServer((_request, response) => response.end("mine"));
  await once(http.listen(0, "127.0.0.1"), "listening");
  const listeners = () => http.eventNames().map((name) => [name, http.listenerCount(name)]);
  const before = listeners();
  const agents = await serveAgents({ server: http, handshakeTimeoutMs: 100 }, assistantSession);
  await using waiting = await RawSocket.connected((http.address() as AddressInfo).port);
  await agents.close();
  expect(listeners()).toEqual(before);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(await waiting.ask(asRequest(["GET / HTTP/1.1", "Host: me"]))).toBe(200);
  http.closeAllConnections();
  await once(http.close(), "close");
});
