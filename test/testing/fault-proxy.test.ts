import { connect } from "node:net";
import { FaultProxy } from "trunkline/testing/node";
import { describe, expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";
import { TcpWorld } from "./tcp-world.ts";

describe("a fault proxy", () => {
  it("passes bytes both ways, and an end of one way leaves the other open", async () => {
    await using world = await TcpWorld.open();
    const [client, server] = await world.pair();
    client.socket.end("question");
    await server.has("question");
    await server.sees("end");
    server.socket.end("answer");
    await client.has("answer");
    await client.sees("close");
    const connection = await world.proxy.connected();
    await connection.closed;
    expect(connection.bytes).toEqual({ up: 8, down: 6 });
    expect(world.proxy.connections).toEqual([]);
    expect([...client.seen, ...server.seen]).not.toContain("ECONNRESET");
  });

  it("resets: both ends see ECONNRESET", async () => {
    await using world = await TcpWorld.open();
    const [client, server] = await world.pair();
    world.proxy.reset();
    await Promise.all([client.sees("ECONNRESET"), server.sees("ECONNRESET")]);
  });

  it("ends: both ends see an end, and no error", async () => {
    await using world = await TcpWorld.open();
    const [client, server] = await world.pair();
    world.proxy.end();
    await Promise.all([client.sees("end"), server.sees("end")]);
    client.socket.end();
    server.socket.end();
    await Promise.all([client.sees("close"), server.sees("close")]);
    expect([...client.seen, ...server.seen]).not.toContain("ECONNRESET");
  });

  it("closes one half: the other way goes on", async () => {
    await using world = await TcpWorld.open();
    const [client, server] = await world.pair();
    world.proxy.halfClose("up");
    await server.sees("end");
    client.socket.write("unheard");
    server.socket.write("heard");
    await client.has("heard");
    expect(server.text).toBe("");
    expect(client.seen).toEqual([]);
  });

  it("resets at once, also while an end does not read", async () => {
    await using world = await TcpWorld.open();
    const [client, server] = await world.pair();
    const connection = await world.proxy.connected();
    server.socket.pause();
    client.socket.write("x".repeat(16 * 1024 * 1024));
    await until(() => connection.heldBytes.up >= 256 * 1024, "the proxy being full");
    world.proxy.reset();
    await client.sees("ECONNRESET");
    await connection.closed;
  });

  it("passes on a reset of one end to the other", async () => {
    await using world = await TcpWorld.open();
    const [client, server] = await world.pair();
    client.socket.resetAndDestroy();
    await server.sees("ECONNRESET");
  });

  it.each(["reset", "end"] as const)("cuts after exactly k bytes, by %s", async (how) => {
    await using world = await TcpWorld.open();
    const [client, server] = await world.pair();
    world.proxy.cutAfter(1_234, { direction: "up", how });
    client.socket.write("x".repeat(5_000));
    await Promise.all([client, server].map((end) => end.sees(how === "reset" ? "ECONNRESET" : "end")));
    expect(server.text).toHaveLength(1_234);
  });

  it("cuts a connection that comes later, counted from its first byte, until it is healed", async () => {
    await using world = await TcpWorld.open();
    world.proxy.cutAfter(0, { direction: "down" });
    const [cutAtOnce] = [await world.dial()];
    await cutAtOnce.sees("ECONNRESET");
    world.proxy.heal();
    await until(() => world.proxy.connections.length === 0, "the cut connection being gone");
    const client = await world.dial();
    await world.proxy.connected(2);
    client.socket.write("hello");
    await until(() => world.served.some((end) => end.text === "hello"), "the bytes of the second connection");
  });

  it("refuses, by a reset or an end, and allows again", async () => {
    await using world = await TcpWorld.open();
    world.proxy.refuse();
    await (await world.dial()).sees("ECONNRESET");
    world.proxy.refuse("end");
    const turnedAway = await world.dial();
    await turnedAway.sees("end");
    turnedAway.socket.destroy();
    expect(world.proxy.refusals).toBe(2);
    expect(world.served).toEqual([]);
    world.proxy.allow();
    const [client, server] = await world.pair();
    client.socket.write("in");
    await server.has("in");
  });

  it("holds: accepts and stays silent, until it allows", async () => {
    await using world = await TcpWorld.open();
    world.proxy.hold();
    const client = await world.dial();
    client.socket.write("anybody?");
    await until(() => world.proxy.connections[0]?.heldBytes.up === 8, "the bytes being held");
    expect(world.served).toEqual([]);
    expect(client.seen).toEqual([]);
    world.proxy.allow();
    await world.proxy.connected();
    await until(() => world.served[0]?.text === "anybody?", "what was held");
  });

  it("forgets a client that goes away on hold", async () => {
    await using world = await TcpWorld.open();
    world.proxy.hold();
    const client = await world.dial();
    await until(() => world.proxy.connections.length === 1, "the connection on hold");
    client.socket.resetAndDestroy();
    await until(() => world.proxy.connections.length === 0, "the connection being forgotten");
    world.proxy.allow();
    await turns();
    expect(world.served).toEqual([]);
  });

  it("resets its clients when the server cannot be reached", async () => {
    const world = await TcpWorld.open();
    const { port } = world.proxy;
    await world[Symbol.asyncDispose]();
    await using proxy = await FaultProxy.listen({ port });
    await using beyond = await TcpWorld.open();
    await using chain = await FaultProxy.listen({ url: beyond.proxy.url.replace("tcp:", "ws:") });
    expect(chain.url).toBe(`ws://127.0.0.1:${chain.port}/`);
    beyond.proxy.refuse();
    for (const to of [proxy.port, chain.port]) {
      const socket = connect(to, "127.0.0.1");
      const error = await new Promise<Error & { code?: string }>((resolve) => socket.once("error", resolve));
      expect(error.code).toBe("ECONNRESET");
    }
  });

  it("gives each connection its own faults as it comes", async () => {
    await using world = await TcpWorld.open({
      onConnection: (it) => it.number === 1 && it.cutAfter(3, { direction: "up" }),
    });
    const [first, firstServed] = await world.pair();
    const [second, secondServed] = await world.pair();
    first.socket.write("abcdef");
    second.socket.write("abcdef");
    await firstServed.sees("ECONNRESET");
    await secondServed.has("abcdef");
    expect(firstServed.text).toBe("abc");
  });

  it("carries 200 connections at once", async () => {
    await using world = await TcpWorld.open();
    const clients = await Promise.all(Array.from({ length: 200 }, () => world.dial()));
    clients.forEach((client, index) => void client.socket.write(`client ${index}`));
    await world.proxy.connected(200);
    await until(() => world.served.length === 200 && world.served.every((end) => end.text !== ""), "all being served");
    for (const end of world.served) end.socket.write(end.text);
    await Promise.all(clients.map((client, index) => client.has(`client ${index}`)));
    world.proxy.reset();
    await Promise.all(clients.map((client) => client.sees("ECONNRESET")));
    await until(() => world.proxy.connections.length === 0, "no connection being left");
  });
});

describe("the options of a fault proxy", () => {
  it("are checked", async () => {
    await expect(FaultProxy.listen({ port: 0 })).rejects.toMatchObject({ code: "TL_INVALID_OPTION" });
    await expect(FaultProxy.listen({ url: "nowhere" })).rejects.toMatchObject({ code: "TL_INVALID_OPTION" });
    await expect(FaultProxy.listen({ port: 1 }, { seed: 0.5 })).rejects.toMatchObject({ code: "TL_INVALID_OPTION" });
    await using world = await TcpWorld.open();
    await world.pair();
    const { proxy } = world;
    const wrong = [
      () => proxy.cutAfter(-1),
      () => proxy.cutAfter(1, { how: "bang" as never }),
      () => proxy.blackhole("left" as never),
      () => proxy.halfClose("both" as never),
      () => proxy.slice({ minBytes: 5, maxBytes: 4 }),
      () => proxy.delay({ latencyMs: Number.NaN }),
      () => proxy.throttle({ bytesPerSecond: 0 }),
      () => proxy.refuse("bang" as never),
    ];
    for (const call of wrong) expect(call).toThrow(expect.objectContaining({ code: "TL_INVALID_OPTION" }));
  });

  it("are in what it says when a connection does not come", async () => {
    await using world = await TcpWorld.open({ seed: 77 });
    const waited = world.proxy.connected(1, { timeoutMs: 1 });
    await expect(waited).rejects.toMatchObject({ code: "TL_TEST_FAILED", message: expect.stringContaining("seed 77") });
  });
});
