import {
  BaseAgent,
  type BaseAgentOptions,
  type ConnectFailure,
  type DisconnectedData,
  type ProxyDial,
  type TaskRequest,
  WebSocketProxyClientAgent,
  type WebSocketProxyClientAgentOptions,
} from "trunkline";
import { WebSocketProxyServerAgent } from "trunkline/server";
import { harness, joinedHarness, MovableClock, type SocketPairOptions, socketPair } from "trunkline/testing";
import { describe, expect, it } from "vitest";

class Doubler extends BaseAgent {
  override tasks = { double: async ({ payload }: TaskRequest<{ n: number }>) => ({ doubled: payload.n * 2 }) };
}

type Bus = BaseAgentOptions["bus"];

function clientProxy(bus: Bus, options: Partial<WebSocketProxyClientAgentOptions> & { readonly dial: ProxyDial }) {
  const names = { localAgentName: "acme", remoteAgentName: "doubler" };
  return new WebSocketProxyClientAgent("proxy", { bus, url: "ws://in.memory/ws", ...names, ...options });
}

function serverProxy(bus: Bus, websocket: unknown) {
  return new WebSocketProxyServerAgent("gateway", { bus, websocket, agentName: "doubler", remoteAgentName: "acme" });
}

async function joined(options: SocketPairOptions & Pick<WebSocketProxyClientAgentOptions, "link"> = {}) {
  const { link, ...rest } = options;
  const h = await joinedHarness({
    ...rest,
    client: (bus, dial) => [new BaseAgent("acme", { bus }), clientProxy(bus, { dial, link })],
    server: (bus, websocket) => [new Doubler("doubler", { bus }), serverProxy(bus, websocket)],
  });
  const [acme, proxy] = h.client.agents;
  const disconnected = new Promise<DisconnectedData>((resolve) => proxy.once("disconnected", resolve));
  const connect = async () => {
    const connected = new Promise<void>((resolve) => proxy.once("connected", () => resolve()));
    await acme.activateAgent("proxy");
    await connected;
  };
  return { h, acme, proxy, connect, disconnected, [Symbol.asyncDispose]: () => h[Symbol.asyncDispose]() };
}

describe("a joined harness", () => {
  it.each([1, 5])("joins agents on two buses, %i turns apart", async (delayTurns) => {
    await using world = await joined({ delayTurns });
    await world.connect();
    const answer = await world.acme.task("doubler", { name: "double", payload: { n: 21 }, timeoutMs: 2_000 });
    expect(answer).toEqual({ doubled: 42 });
    await world.h.server.recording.waitFor(({ source }) => source === "acme");
  });

  it("shows what happens when the connection breaks", async () => {
    await using world = await joined();
    await world.connect();
    const gone = new Promise<void>((resolve) => world.acme.once("agentGone", () => resolve()));
    await world.acme.watchAgent("doubler");
    await world.h.client.recording.waitFor(({ source }) => source === "doubler");
    world.h.sockets.cut();
    expect(await world.disconnected).toMatchObject({ code: 1006, clean: false });
    await gone;
  });

  it("shows what happens when the network falls silent, without waiting for it", async () => {
    const clock = new MovableClock();
    await using world = await joined({ link: { clock, heartbeatMs: 10_000 } });
    await world.connect();
    // The peers have greeted each other; a beat without news begins after that.
    await world.h.client.recording.waitFor(({ source }) => source === "doubler");
    world.h.sockets.hold();
    for (let beat = 0; beat < 6; beat++) clock.advance(5_000);
    expect(await world.disconnected).toMatchObject({ code: 4408, clean: false });
    expect(clock.pending).toBe(0);
    world.h.sockets.release();
  });

  it("fails the test for what is wrong on either side, and on both", async () => {
    const { h } = await joined();
    h.server.expectError("TL_QUEUE_FULL");
    await expect(h.end()).rejects.toThrow("TL_QUEUE_FULL was expected");
    await expect(h[Symbol.asyncDispose]()).resolves.toBeUndefined();
    const { h: other } = await joined();
    for (const side of [other.client, other.server]) side.expectError("TL_QUEUE_FULL");
    await expect(other.end()).rejects.toBeInstanceOf(AggregateError);
  });

  it("fails the test for a timer of the client's side too", async () => {
    const { h } = await joined();
    const timer = setTimeout(() => {}, 60_000);
    await expect(h.end()).rejects.toThrow("A timer still runs");
    clearTimeout(timer);
  });

  it("leaves nothing when one side does not start", async () => {
    const refused = () => {
      throw new Error("not today");
    };
    const server = (bus: Bus, websocket: unknown) => [serverProxy(bus, websocket)];
    await expect(joinedHarness({ client: refused, server })).rejects.toThrow("not today");
    await expect(joinedHarness({ client: () => [], server: refused })).rejects.toThrow("not today");
  });
});

describe("the dial option of a client proxy", () => {
  it("is given the URL, the headers and the signal, at every attempt", async () => {
    using sockets = socketPair();
    const asked: unknown[] = [];
    const dial: ProxyDial = async (url, { headers, signal }) => {
      asked.push([url, headers, signal?.aborted]);
      if (asked.length === 1) throw new Error("engaged");
      return sockets.client;
    };
    const clock = new MovableClock();
    await using h = await harness({
      agents: (bus) => [clientProxy(bus, { dial, headers: { authorization: "Bearer x" }, link: { clock } })],
    });
    const [proxy] = h.agents;
    const failure = new Promise<ConnectFailure>((resolve) => proxy.once("connectFailed", resolve));
    const connected = new Promise((resolve) => proxy.once("connected", resolve));
    await proxy.activateAgent("proxy");
    const { error, retryInMs = 0 } = await failure;
    expect(error).toMatchObject({ code: "TL_CONNECT_FAILED", cause: { message: "engaged" } });
    clock.advance(retryInMs);
    expect(await connected).toBe(sockets.client);
    expect(asked).toEqual(Array(2).fill(["ws://in.memory/ws", { authorization: "Bearer x" }, false]));
    // The goodbye is answered only where somebody reads.
    sockets.server.on("message", () => {});
  });

  it("may bring a socket on which the protocol of sessions was agreed, to a server proxy that has no other one", async () => {
    const sockets = socketPair({ protocol: "trunkline.resume.v1" });
    const client = harness({ agents: (bus) => [clientProxy(bus, { dial: () => sockets.client })], checkTimers: false });
    // It is ready once the client has said hello.
    const server = harness({ agents: (bus) => [serverProxy(bus, sockets.server)] });
    const [proxy] = (await client).agents;
    const disconnected = new Promise<DisconnectedData>((resolve) => proxy.once("disconnected", resolve));
    const connected = new Promise((resolve) => proxy.once("connected", resolve));
    await proxy.activateAgent("proxy");
    await Promise.all([server, connected]);
    sockets.cut();
    expect(await disconnected).toMatchObject({ code: 1006, clean: false, lost: "expired" });
    await (await client).end();
    await (await server).end();
  });

  it("does not go on with what is no WebSocket", async () => {
    await using h = await harness({ agents: (bus) => [clientProxy(bus, { dial: () => "ws" })] });
    await h.agents[0].activateAgent("proxy");
    expect(await h.waitForError("TL_INVALID_OPTION")).toMatchObject({ code: "TL_INVALID_OPTION" });
  });

  it("is told when the connection is not wanted any more, and a socket that comes late is cut", async () => {
    const sockets = socketPair();
    const cut = new Promise<number>((resolve) => sockets.server.on("close", resolve));
    let give = (_: unknown) => {};
    let signal: AbortSignal | undefined;
    const dial: ProxyDial = (_url, options) => {
      signal = options.signal;
      return new Promise((resolve) => {
        give = resolve;
      });
    };
    const h = await harness({ agents: (bus) => [clientProxy(bus, { dial })] });
    const [proxy] = h.agents;
    const activated = new Promise<void>((resolve) => proxy.once("activated", () => resolve()));
    await proxy.activateAgent("proxy");
    await activated;
    await h.end();
    expect(signal?.aborted).toBe(true);
    give(sockets.client);
    expect(await cut).toBe(1006);
  });
});
