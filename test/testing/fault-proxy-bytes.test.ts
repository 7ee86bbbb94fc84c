import fc from "fast-check";
import { MovableClock } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";
import { TcpWorld } from "./tcp-world.ts";

describe("a blackhole", () => {
  it("lets nothing arrive and closes nothing; what was held arrives once it is healed", async () => {
    await using world = await TcpWorld.open();
    const [client, server] = await world.pair();
    const connection = await world.proxy.connected();
    world.proxy.blackhole("up");
    client.socket.end("held");
    server.socket.write("heard");
    await client.has("heard");
    await until(() => connection.heldBytes.up === 4, "the bytes being held");
    expect(server.text).toBe("");
    expect([...client.seen, ...server.seen]).toEqual([]);
    world.proxy.heal();
    await server.has("held");
    await server.sees("end");
  });

  it("keeps a crash of one end from the other until it is healed", async () => {
    await using world = await TcpWorld.open();
    const [client, server] = await world.pair();
    world.proxy.blackhole();
    client.socket.resetAndDestroy();
    await turns(20);
    expect(server.seen).toEqual([]);
    world.proxy.heal();
    await server.sees("ECONNRESET");
  });
});

describe("slices", () => {
  it("of 1 to 7 bytes make up the same bytes again, whatever was sent", async () => {
    await using world = await TcpWorld.open({ seed: 5 });
    world.proxy.slice({ minBytes: 1, maxBytes: 7 });
    const [client, server] = await world.pair();
    let sent = "";
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 5 }), async (writes) => {
        for (const bytes of writes) {
          client.socket.write(bytes);
          sent += Buffer.from(bytes).toString("latin1");
        }
        await server.has(sent);
      }),
      { numRuns: 30 },
    );
    expect(server.chunks.length).toBeGreaterThan(sent.length / 70);
  });

  it("are of the same sizes for the same seed", async () => {
    const sizes = async (seed: number) => {
      const clock = new MovableClock();
      await using paced = await TcpWorld.open({ seed, clock });
      paced.proxy.slice({ minBytes: 1, maxBytes: 50 });
      paced.proxy.throttle({ bytesPerSecond: 10_000 });
      const [client, server] = await paced.pair();
      client.socket.write("x".repeat(300));
      const connection = await paced.proxy.connected();
      const seen: number[] = [];
      while (server.text.length < 300) {
        const before = seen.reduce((sum, size) => sum + size, 0);
        await until(() => connection.bytes.up > before && server.text.length === connection.bytes.up, "a slice");
        seen.push(server.text.length - before);
        if (server.text.length < 300) {
          await until(() => clock.pending > 0, "the next slice waiting");
          clock.advance(5);
        }
      }
      return seen;
    };
    const first = await sizes(42);
    expect(first.length).toBeGreaterThan(6);
    expect(await sizes(42)).toEqual(first);
    expect(await sizes(43)).not.toEqual(first);
  });
});

describe("delays", () => {
  it("keep bytes for the latency, and in order whatever the jitter", async () => {
    const clock = new MovableClock();
    await using world = await TcpWorld.open({ clock, seed: 1 });
    world.proxy.delay({ direction: "up", latencyMs: 100, jitterMs: 50 });
    const [client, server] = await world.pair();
    const connection = await world.proxy.connected();
    for (let n = 0; n < 10; n++) {
      client.socket.write(String(n));
      await until(() => connection.heldBytes.up === n + 1, "the byte being held");
    }
    clock.advance(99);
    server.socket.write("not late");
    await client.has("not late");
    expect(server.text).toBe("");
    clock.advance(51);
    await server.has("0123456789");
    expect(clock.pending).toBe(0);
  });
});

describe("a throttle", () => {
  it("lets so many bytes pass in a second", async () => {
    const clock = new MovableClock();
    await using world = await TcpWorld.open({ clock });
    world.proxy.throttle({ direction: "up", bytesPerSecond: 1_000 });
    const [client] = await world.pair();
    const connection = await world.proxy.connected();
    client.socket.write("x".repeat(10_000));
    await until(() => connection.heldBytes.up + connection.bytes.up === 10_000, "all bytes having come in");
    clock.advance(1_000);
    expect(connection.bytes.up).toBeGreaterThanOrEqual(980);
    expect(connection.bytes.up).toBeLessThanOrEqual(1_040);
    world.proxy.heal();
    await until(() => connection.bytes.up === 10_000, "the rest, after the throttle");
    expect(clock.pending).toBe(0);
  });
});

describe("a slow reader", () => {
  it("makes the sender wait, and nothing grows", async () => {
    await using world = await TcpWorld.open();
    const [client, server] = await world.pair();
    const connection = await world.proxy.connected();
    server.socket.pause();
    const piece = Buffer.alloc(64 * 1024, "x");
    const total = 512;
    let written = 0;
    let mostHeld = 0;
    const write = () => {
      while (written < total && client.socket.write(piece)) written += 1;
      if (written < total) written += 1;
    };
    client.socket.on("drain", write);
    write();
    await until(() => connection.heldBytes.up >= 256 * 1024, "the proxy being full");
    for (let n = 0; n < 50; n++) {
      await turns(1);
      mostHeld = Math.max(mostHeld, connection.heldBytes.up);
    }
    expect(mostHeld).toBeLessThan(384 * 1024);
    expect(written).toBeLessThan(total);
    server.socket.resume();
    await until(() => server.chunks.reduce((sum, { length }) => sum + length, 0) === total * piece.length, "all bytes");
  });
});

describe("the end of a fault proxy", () => {
  const faults = ["none", "blackhole", "slice", "delay", "throttle", "hold", "half-close", "end", "cut"] as const;

  it.each(faults)("leaves nothing behind during: %s", async (fault) => {
    const clock = new MovableClock();
    await using world = await TcpWorld.open({ clock });
    const { proxy } = world;
    if (fault === "hold") proxy.hold();
    const client = await world.dial();
    if (fault !== "hold") await proxy.connected();
    if (fault === "blackhole") proxy.blackhole();
    if (fault === "slice") proxy.slice();
    if (fault === "delay") proxy.delay({ latencyMs: 60_000 });
    if (fault === "throttle") proxy.throttle({ bytesPerSecond: 1 });
    if (fault === "half-close") proxy.halfClose("down");
    if (fault === "end") proxy.end();
    if (fault === "cut") proxy.cutAfter(5);
    client.socket.on("error", () => {}).write("something on its way");
    await turns(3);
    const late = proxy.connected(9);
    const refused = expect(late).rejects.toMatchObject({ code: "TL_TEST_FAILED" });
    await Promise.all([proxy[Symbol.asyncDispose](), proxy[Symbol.asyncDispose]()]);
    await refused;
    expect(proxy.connections).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
