import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { BusFrameMessage, TextFrame, type TrunklineError } from "trunkline";
import {
  type AgentServer,
  type AgentSession,
  type ServeAgentsOptions,
  type SessionSetup,
  serveAgents,
} from "trunkline/server";
import { describe, expect, it } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { HandClient } from "../resume/hand-client.ts";
import { Recording } from "../support/recording.ts";
import { until } from "../support/settled.ts";
import { type Assistant, addAssistant, assistantSession, RemoteClient } from "./remote-client.ts";

interface Serving extends AsyncDisposable {
  readonly server: AgentServer;
  readonly sessions: AgentSession[];
  readonly errors: { readonly error: TrunklineError; readonly sessionId: string | undefined }[];
}

async function serving(options: ServeAgentsOptions = {}, setup?: SessionSetup): Promise<Serving> {
  const sessions: AgentSession[] = [];
  const errors: Serving["errors"] = [];
  const server = await serveAgents(options, async (session) => {
    sessions.push(session);
    await (setup ?? assistantSession)(session);
  });
  server.on("error", (data) => void errors.push(data));
  return { server, sessions, errors, [Symbol.asyncDispose]: () => server.close({ graceMs: 500 }) };
}

/** The status a client gets; 101 when it was let in, and then it leaves again. */
function statusOf(url: string, options: ClientOptions = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, options);
    socket.on("error", reject);
    socket.once("unexpected-response", (request, response) => {
      resolve(response.statusCode);
      response.resume();
      request.destroy();
    });
    socket.once("open", () => {
      socket.close();
      socket.once("close", () => resolve(101));
    });
  });
}

function closingOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    socket.on("error", () => {});
    socket.once("close", (code, reason) => resolve({ code, reason: String(reason) }));
  });
}

/** Resolves when nothing that was sent has left for a while: the peer does not read on. */
async function stalled(socket: WebSocket): Promise<void> {
  let [buffered, since] = [-1, 0];
  await until(() => {
    if (socket.bufferedAmount !== buffered) [buffered, since] = [socket.bufferedAmount, performance.now()];
    return performance.now() - since > 150;
  }, "the peer not reading on");
}

async function listening(http: Server): Promise<string> {
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return `127.0.0.1:${(http.address() as AddressInfo).port}`;
}

async function stop(http: Server): Promise<void> {
  http.closeAllConnections();
  http.close();
  await once(http, "close");
}

const tookMs = async (work: Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await work;
  return performance.now() - begun;
};

describe("serveAgents: where it listens", () => {
  it("K9: picks a free port on loopback and says its URL", async () => {
    await using s = await serving();
    expect(s.server.port).toBeGreaterThan(0);
    expect(s.server.url).toBe(`ws://127.0.0.1:${s.server.port}/ws`);
    await using client = await RemoteClient.connected(s.server.url);
    expect(await client.double(2)).toBe(4);
    expect(s.server.sessionCount).toBe(1);
    expect(s.errors).toEqual([]);
  });

  it("listens on the host and path it is given", async () => {
    await using s = await serving({ host: "::1", path: "/agents" });
    expect(s.server.url).toBe(`ws://[::1]:${s.server.port}/agents`);
    expect(await statusOf(`${s.server.url}?token=1`)).toBe(101);
  });

  it("a port that is taken, or that is none, is refused with a sentence", async () => {
    await using s = await serving();
    const { port } = s.server;
    await expect(serveAgents({ port }, assistantSession)).rejects.toMatchObject({
      code: "TL_PORT_IN_USE",
      message: `Port ${port} on 127.0.0.1 is in use. Stop the program that has it, or choose another port.`,
    });
    await expect(serveAgents({ port: 70_000 }, assistantSession)).rejects.toMatchObject({ code: "TL_INVALID_OPTION" });
    await expect(serveAgents({ host: "256.1.1.1.invalid" }, assistantSession)).rejects.toMatchObject({
      code: "TL_INVALID_OPTION",
    });
  });

  it("answers health checks with the number of sessions, and nothing else", async () => {
    await using s = await serving({ healthPath: "/healthz" });
    await using _client = await RemoteClient.connected(s.server.url);
    const base = `http://127.0.0.1:${s.server.port}`;
    const health = await fetch(`${base}/healthz?verbose`);
    expect([health.status, await health.json()]).toEqual([200, { status: "ok", sessions: 1 }]);
    expect((await fetch(`${base}/healthz`, { method: "POST" })).status).toBe(405);
    expect((await fetch(`${base}/`)).status).toBe(404);
    expect((await fetch(`${base}/ws`)).status).toBe(404);
  });
});

describe("serveAgents: who is let in", () => {
  it("K9: what authenticate returns, at once or later, reaches the session", async () => {
    for (const authenticate of [
      ({ headers }: IncomingMessage) => ({ user: headers.authorization }),
      async ({ headers }: IncomingMessage) => ({ user: headers.authorization }),
    ]) {
      await using s = await serving({ authenticate });
      await using _client = await RemoteClient.connected(s.server.url, { headers: { authorization: "Bearer ann" } });
      expect(s.sessions[0]?.principal).toEqual({ user: "Bearer ann" });
      expect(s.sessions[0]?.request.headers.authorization).toBe("Bearer ann");
    }
  });

  it("K9: whom authenticate does not know is refused before anything is built, for every way to say no", async () => {
    const saying = [
      () => undefined,
      () => null,
      () => false,
      async () => undefined,
      () => {
        throw new Error("no token");
      },
      () => Promise.reject(new Error("no token")),
      () => new Promise(() => {}),
    ];
    for (const [index, authenticate] of saying.entries()) {
      await using s = await serving({ authenticate, authenticateTimeoutMs: 50 });
      expect([index, await statusOf(s.server.url)]).toEqual([index, 401]);
      expect(s.sessions).toEqual([]);
      expect(s.server.sessionCount).toBe(0);
      const failed = index >= 4;
      expect(s.errors.map(({ error, sessionId }) => [error.code, sessionId])).toEqual(
        failed ? [["TL_HANDLER_FAILED", undefined]] : [],
      );
    }
  });

  it("a principal that is falsy but none of the three words for no is let in", async () => {
    for (const principal of [0, ""]) {
      await using s = await serving({ authenticate: () => principal });
      expect(await statusOf(s.server.url)).toBe(101);
    }
  });

  it("an authenticate that fails after its time is over disturbs nobody", async () => {
    let fail = (_error: Error) => {};
    const late = new Promise((_resolve, reject) => {
      fail = reject;
    });
    await using s = await serving({ authenticate: () => late, authenticateTimeoutMs: 20 });
    expect(await statusOf(s.server.url)).toBe(401);
    fail(new Error("the database is gone"));
    expect(await statusOf(s.server.url)).toBe(401);
    expect(s.errors).toHaveLength(2);
  });

  it("pages may connect only from the origins that are allowed; programs, which have none, may", async () => {
    await using closed = await serving();
    expect(await statusOf(closed.server.url, { origin: "https://app.example" })).toBe(403);
    expect(await statusOf(closed.server.url)).toBe(101);
    await using s = await serving({ allowedOrigins: ["https://app.example"] });
    expect(await statusOf(s.server.url, { origin: "https://app.example" })).toBe(101);
    for (const origin of ["https://app.example.evil", "http://app.example", "null"]) {
      expect(await statusOf(s.server.url, { origin })).toBe(403);
    }
  });

  it("there is nothing at other paths", async () => {
    await using s = await serving();
    const base = `ws://127.0.0.1:${s.server.port}`;
    for (const path of ["/", "/ws/", "/WS", "/ws/more", "//ws"]) expect(await statusOf(`${base}${path}`)).toBe(404);
    expect(s.sessions).toEqual([]);
  });

  it("a full server refuses with 503 and lets in again when a session is over", async () => {
    await using s = await serving({ maxSessions: 1 });
    const client = await RemoteClient.connected(s.server.url);
    expect(await statusOf(s.server.url)).toBe(503);
    await client[Symbol.asyncDispose]();
    await until(() => s.server.sessionCount === 0);
    expect(await statusOf(s.server.url)).toBe(101);
  });

  it("those who are still being authenticated take their room too", async () => {
    const asked: ((principal: string) => void)[] = [];
    await using s = await serving({
      maxSessions: 2,
      authenticate: () => new Promise((resolve) => asked.push(resolve)),
    });
    const entering = [statusOf(s.server.url), statusOf(s.server.url)];
    await until(() => asked.length === 2);
    expect(await statusOf(s.server.url)).toBe(503);
    for (const admit of asked) admit("ann");
    expect(await Promise.all(entering)).toEqual([101, 101]);
    await until(() => s.server.sessionCount === 0);
    const next = statusOf(s.server.url);
    await until(() => asked.length === 3);
    asked[2]?.("ben");
    expect(await next).toBe(101);
  });
});

describe("serveAgents: at a server of yours", () => {
  it("attaches to it, leaves its routes alone, and leaves it open", async () => {
    const http = createServer((_request, response) => response.end("mine"));
    const address = await listening(http);
    const server = await serveAgents({ server: http, path: "/agents" }, assistantSession);
    expect(server.url).toBe(`ws://${address}/agents`);
    await using client = await RemoteClient.connected(server.url);
    expect(await client.double(1)).toBe(2);
    expect(await (await fetch(`http://${address}/agents`)).text()).toBe("mine");
    expect(await statusOf(`ws://${address}/elsewhere`)).toBe(404);
    await server.close({ graceMs: 100 });
    expect(http.listening).toBe(true);
    expect(http.listenerCount("upgrade")).toBe(0);
    expect(await (await fetch(`http://${address}/`)).text()).toBe("mine");
    await stop(http);
  });

  it("leaves the upgrades of other paths to whoever else listens, before it or after it", async () => {
    const http = createServer();
    const answered: (string | undefined)[] = [];
    const other = (request: IncomingMessage, socket: Duplex): void => {
      if (request.url === "/agents") return;
      answered.push(request.url);
      // Later, as somebody who looks into a database first would.
      setImmediate(() => socket.end("HTTP/1.1 418 I'm a teapot\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
    };
    const address = await listening(http);
    http.on("upgrade", other);
    await using server = await serveAgents({ server: http, path: "/agents" }, assistantSession);
    expect(await statusOf(`ws://${address}/tea`)).toBe(418);
    http.off("upgrade", other);
    http.on("upgrade", other);
    expect(await statusOf(`ws://${address}/tea`)).toBe(418);
    expect(await statusOf(server.url)).toBe(101);
    expect(answered).toEqual(["/tea", "/tea"]);
    await server.close({ graceMs: 100 });
    await stop(http);
  });

  it("two of them at one server serve their own paths and refuse the rest", async () => {
    const http = createServer();
    const address = await listening(http);
    await using one = await serveAgents({ server: http, path: "/one" }, assistantSession);
    await using two = await serveAgents({ server: http, path: "/two" }, assistantSession);
    await using clientOfOne = await RemoteClient.connected(one.url);
    await using clientOfTwo = await RemoteClient.connected(two.url);
    expect([await clientOfOne.double(1), await clientOfTwo.double(2)]).toEqual([2, 4]);
    expect([one.sessionCount, two.sessionCount]).toEqual([1, 1]);
    expect(await statusOf(`ws://${address}/three`)).toBe(404);
    await Promise.all([one.close({ graceMs: 100 }), two.close({ graceMs: 100 })]);
    await stop(http);
  });
});

describe("serveAgents: sessions", () => {
  it("K17: each has its own id, runner and bus, and a signal that aborts when its client is gone", async () => {
    await using s = await serving({ link: { windowMs: 0 } });
    await using one = await RemoteClient.connected(s.server.url);
    await using two = await RemoteClient.connected(s.server.url);
    for (const part of [({ id }: AgentSession) => id, ({ runner }: AgentSession) => runner.name] as const)
      expect(new Set(s.sessions.map(part)).size).toBe(2);
    expect(s.sessions[0]?.runner.bus).not.toBe(s.sessions[1]?.runner.bus);
    const [first, second] = s.sessions;
    await one.leave();
    await until(() => first?.signal.aborted === true && s.server.sessionCount === 1);
    expect(second?.signal.aborted).toBe(false);
    expect(await two.double(3)).toBe(6);
    two.cut();
    await until(() => second?.signal.aborted === true && s.server.sessionCount === 0);
    expect(s.errors).toEqual([]);
  });

  it("K41: a setup that throws, before or after it added its proxy, closes that client with 1011 and nobody else", async () => {
    const breaking = new Map<string, (session: AgentSession) => Promise<void>>([
      ["early", () => Promise.reject(new Error("no model"))],
      [
        "late",
        async (session) => {
          await assistantSession(session);
          throw new Error("no model");
        },
      ],
      ["idle", async () => {}],
      [
        "unadded",
        async (session) => {
          session.proxy({ agentName: "assistant", remoteAgentName: "acme" });
        },
      ],
    ]);
    await using s = await serving({}, (session) => {
      const how = new URL(session.request.url ?? "", "http://base").searchParams.get("how") ?? "";
      return breaking.get(how)?.(session) ?? assistantSession(session);
    });
    await using good = await RemoteClient.connected(s.server.url);
    for (const how of breaking.keys()) {
      const socket = new WebSocket(`${s.server.url}?how=${how}`);
      expect([how, await closingOf(socket)]).toMatchObject([how, { code: 1011 }]);
      await until(() => s.server.sessionCount === 1, `the session that broke (${how}) being over`);
      const broken = s.sessions.at(-1);
      expect(broken?.signal.aborted).toBe(true);
      expect(s.errors.splice(0)).toMatchObject([{ error: { code: "TL_SESSION_FAILED" }, sessionId: broken?.id }]);
      expect(await good.double(1)).toBe(2);
    }
  });

  it("a setup that takes too long is given up, and its client told", async () => {
    await using s = await serving({ setupTimeoutMs: 50 }, () => new Promise(() => {}));
    expect(await closingOf(new WebSocket(s.server.url))).toMatchObject({ code: 1011 });
    await until(() => s.server.sessionCount === 0);
    expect(s.errors).toMatchObject([{ error: { code: "TL_SESSION_FAILED" }, sessionId: s.sessions[0]?.id }]);
    expect(s.sessions[0]?.signal.aborted).toBe(true);
  });

  it("a client that goes away while its session is being set up takes the session with it", async () => {
    for (const leave of ["close", "terminate"] as const) {
      let finish = () => {};
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      let assistant: Assistant | undefined;
      await using s = await serving({}, async (session) => {
        await finished;
        assistant = await addAssistant(session);
      });
      const socket = new WebSocket(s.server.url);
      await once(socket, "open");
      socket.send("something said too early");
      await until(() => s.sessions.length === 1);
      socket[leave]();
      await until(() => s.sessions[0]?.signal.aborted === true, "the setup being told");
      await until(() => s.server.sessionCount === 0, "the session being over");
      finish();
      await until(() => assistant !== undefined);
      expect(assistant?.ready).toBe(false);
      expect(s.errors).toEqual([]);
    }
  });

  it("K14: what a client says while its session is being set up is heard after it", async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let recording: Recording | undefined;
    await using s = await serving({}, async (session) => {
      await finished;
      recording = await Recording.of(session.runner.bus);
      await assistantSession(session);
    });
    const connecting = RemoteClient.connected(s.server.url);
    await until(() => s.sessions.length === 1);
    finish();
    await using client = await connecting;
    expect(await client.echo("early")).toBe("early");
    expect(recording?.all(BusFrameMessage).length).toBeGreaterThan(0);
  });

  it("K14: thousands of requests from before the agents were there are all answered", async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await using s = await serving({}, async (session) => {
      await finished;
      await assistantSession(session);
    });
    const socket = new WebSocket(s.server.url);
    const answered = new Set<unknown>();
    socket.on("message", (data) => {
      const { __data__ } = JSON.parse(String(data)) as { __data__: { task_id?: unknown; status?: unknown } };
      if (__data__.status === "completed") answered.add(__data__.task_id);
    });
    await once(socket, "open");
    const count = 2_000;
    for (let index = 0; index < count; index++) {
      const __data__ = {
        source: "acme",
        target: "assistant",
        task_id: `${index}`,
        task_name: "double",
        payload: { n: 1, padding: "x".repeat(10_000) },
      };
      socket.send(JSON.stringify({ __type__: "pipecat_subagents.bus.messages.BusTaskRequestMessage", __data__ }));
    }
    await stalled(socket);
    expect(socket.bufferedAmount).toBeGreaterThan(0);
    finish();
    await until(() => answered.size === count, "all answers");
    socket.close();
    await until(() => s.server.sessionCount === 0);
    expect(s.errors).toEqual([]);
  });

  it("a client that floods a session while it is being set up is slowed or cut, and nobody else is", async () => {
    await using s = await serving({}, (session) =>
      session.request.headers["x-slow"] === undefined ? assistantSession(session) : new Promise(() => {}),
    );
    await using good = await RemoteClient.connected(s.server.url);
    const socket = new WebSocket(s.server.url, { headers: { "x-slow": "1" } });
    socket.on("error", () => {});
    await once(socket, "open");
    const chunk = new Uint8Array(500_000);
    for (let sent = 0; sent < 100; sent++) if (socket.readyState === WebSocket.OPEN) socket.send(chunk);
    expect(await good.double(4)).toBe(8);
    expect(socket.readyState === WebSocket.OPEN ? socket.bufferedAmount : 1).toBeGreaterThan(0);
    socket.terminate();
    await good.double(5);
  });

  it("a session has one proxy", async () => {
    await using s = await serving({}, async (session) => {
      await assistantSession(session);
      session.proxy({ name: "second", agentName: "assistant", remoteAgentName: "acme" });
    });
    expect(await closingOf(new WebSocket(s.server.url))).toMatchObject({ code: 1011 });
    await until(() => s.errors.length === 1);
    expect(s.errors[0]?.error.message).toMatch(/has one proxy/);
  });

  it("its link is as the server says, which its proxy cannot change, whether or not its client can resume", async () => {
    await using s = await serving({}, async (session) => {
      // @ts-expect-error what a client was told before cannot be another thing now
      session.proxy({ agentName: "assistant", remoteAgentName: "acme", link: { maxFrameBytes: 1_000 } });
    });
    expect(await closingOf(new WebSocket(s.server.url))).toMatchObject({ code: 1011 });
    await using client = await HandClient.begin(s.server.url);
    expect(await client.socket.ended()).toMatchObject({ code: 1011 });
    await until(() => s.errors.length === 2);
    const cause = { code: "TL_INVALID_OPTION", message: expect.stringMatching(/link.*serveAgents/) };
    expect(s.errors).toMatchObject([{ error: { cause } }, { error: { cause } }]);
  });
});

describe("serveAgents: closing", () => {
  it("K36: the agents say their last words, the clients are told when to come back, and the port is free", async () => {
    await using s = await serving({}, async (session) => {
      const assistant = await addAssistant(session);
      assistant.onEnding = async () => {
        await assistant.queueFrame(new TextFrame({ text: "goodbye" }));
      };
    });
    await using client = await RemoteClient.connected(s.server.url);
    const recording = await Recording.of(client.runner.bus);
    const { port } = s.server;
    await s.server.close({ graceMs: 5_000 });
    await until(() => client.interrupted.length === 1);
    expect(recording.all(BusFrameMessage).map(({ frame }) => (frame as TextFrame).text)).toEqual(["goodbye"]);
    expect(client.interrupted).toMatchObject([{ code: 1012 }]);
    expect(s.server.sessionCount).toBe(0);
    expect(() => s.server.port).toThrow(expect.objectContaining({ code: "TL_SERVER_CLOSED" }));
    await using again = await serving({ port });
    expect(again.server.port).toBe(port);
  });

  it("closing twice is closing once, and `await using` closes", async () => {
    const s = await serving();
    {
      await using server = s.server;
      await using _client = await RemoteClient.connected(server.url);
      const first = server.close({ graceMs: 1_000 });
      expect(server.close()).toBe(first);
      await first;
    }
    await s.server.close();
    expect(s.errors).toEqual([]);
  });

  it("K44: an agent that never ends holds the close up for the grace and a moment, no longer", async () => {
    await using s = await serving({}, async (session) => {
      const assistant = await addAssistant(session);
      assistant.onEnding = () => new Promise(() => {});
    });
    await using client = await RemoteClient.connected(s.server.url);
    const ms = await tookMs(s.server.close({ graceMs: 300 }));
    expect(ms).toBeGreaterThan(250);
    expect(ms).toBeLessThan(4_000);
    await until(() => client.interrupted.length === 1);
    expect(s.server.sessionCount).toBe(0);
  });

  it("a client that cannot resume gets a clean goodbye", async () => {
    await using s = await serving();
    await using client = await RemoteClient.connected(s.server.url, { link: { resume: "off" } });
    await s.server.close();
    await until(() => client.disconnected.length === 1);
    expect(client.disconnected).toMatchObject([{ code: 1000, clean: true }]);
  });

  it("who is being authenticated or set up when it closes is turned away at once", async () => {
    await using s = await serving({ authenticate: () => new Promise(() => {}), authenticateTimeoutMs: 60_000 });
    const status = statusOf(s.server.url);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await tookMs(s.server.close({ graceMs: 5_000 }))).toBeLessThan(3_000);
    expect(await status).toBe(503);

    await using t = await serving({}, () => new Promise(() => {}));
    const closing = closingOf(new WebSocket(t.server.url));
    await until(() => t.sessions.length === 1);
    expect(await tookMs(t.server.close({ graceMs: 5_000 }))).toBeLessThan(3_000);
    expect(await closing).toMatchObject({ code: 1001 });
    expect(t.sessions[0]?.signal.aborted).toBe(true);
    expect(t.errors).toEqual([]);
  });

  it("connections that never said anything do not hold it up", async () => {
    const s = await serving();
    const sockets = Array.from({ length: 5 }, () => connect(s.server.port, "127.0.0.1"));
    for (const socket of sockets) socket.on("error", () => {});
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    sockets[0]?.write("GET /ws HTT");
    await fetch(`http://127.0.0.1:${s.server.port}/health`);
    expect(await tookMs(s.server.close({ graceMs: 5_000 }))).toBeLessThan(3_000);
    for (const socket of sockets) socket.destroy();
  });
});
