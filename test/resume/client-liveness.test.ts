import { MovableClock } from "trunkline/testing";
import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "../../src/proxy/link/index.ts";
import { turns, until } from "../support/settled.ts";
import { bytes, LinkClient, promptly } from "./client-link.ts";
import { ScriptedLink } from "./client-socket.ts";
import { ClientStage, says, textsIn } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { answering, HandSession } from "./hand-session.ts";

afterEach(() => {
  vi.useRealTimers();
});

it.for([
  ["its own", 4_000, 10_000, 4_000],
  ["the server's", 10_000, 4_000, 4_000],
] as const)("the smaller heartbeat counts: %s", async ([, own, theirs, expected]) => {
  const clock = new MovableClock();
  await using client = new ScriptedLink({ clock, heartbeatMs: own });
  client.link.open();
  const socket = await client.greeted(1);
  socket.welcome({ heartbeatMs: theirs });
  await client.event("open");
  clock.advance(expected - 1);
  expect(socket.pings).toBe(0);
  clock.advance(1);
  expect(socket.pings).toBe(1);
  clock.advance(1.5 * expected - 1);
  expect(socket.terminated).toBe(0);
  clock.advance(0.5 * expected + 1);
  expect(socket.terminated).toBe(1);
});

it("trap 14: a dead peer's socket is terminated, not closed, and the session goes on over another", async () => {
  const clock = new MovableClock();
  await using client = new ScriptedLink({ clock, random: () => 0 });
  client.link.open();
  const first = await client.greeted(1);
  first.welcome();
  await client.event("open");
  await client.link.send(bytes("c1"));
  clock.advance(30_000);
  expect(first.terminated).toBe(1);
  expect(first.closes).toEqual([]);
  expect(await client.event("interrupted")).toMatchObject({ code: 4408 });
  clock.advance(100);
  const second = await client.greeted(2);
  expect(second.controls[0]).toMatchObject({ t: "hello", received: 0 });
  second.resumed(1);
  await client.event("resumed");
  expect(client.all("closed")).toEqual([]);
});

it("trap 14: of a server that has fallen silent the TCP connection is cut, without a closing handshake", async () => {
  await using server = await HandServer.listen({ answersPings: false });
  const clock = new MovableClock();
  await using client = await ClientStage.active(server.url, { link: { clock, random: () => 0, heartbeatMs: 1_000 } });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  for (let ms = 0; ms < 2_900; ms += 100) {
    clock.advance(100);
    await turns(1);
  }
  clock.advance(100);
  // 1006: no close frame came.
  expect(await session.connection.gone()).toMatchObject({ code: 1006 });
  expect(session.connection.pings).toBeGreaterThan(0);
  expect(await client.event("interrupted")).toMatchObject({ code: 4408 });
  clock.advance(100);
  await session.resume(await server.connection(2));
  await client.event("resumed");
});

it("any byte of the server is life, also a pong", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = await ClientStage.active(server.url, { link: { clock, heartbeatMs: 1_000 } });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  for (let ms = 0; ms < 20_000; ms += 500) {
    clock.advance(500);
    // What the server answers is read before time goes on.
    await session.connection.roundTrip();
  }
  expect(client.story).toEqual(["connected"]);
});

it("where nothing was sent for a heartbeat there is a ping, however much is heard", async () => {
  const clock = new MovableClock();
  await using client = new ScriptedLink({ clock });
  client.link.open();
  const socket = await client.greeted(1);
  socket.welcome();
  await client.event("open");
  // Or each frame would be acknowledged.
  client.link.holdBack(true);
  for (let second = 1; second <= 30; second++) {
    socket.hear(bytes("more"));
    clock.advance(1_000);
  }
  expect(socket.pings).toBeGreaterThanOrEqual(2);
  expect(socket.pings).toBeLessThanOrEqual(4);
  expect(socket.terminated).toBe(0);
});

it("trap 12: after a sleep the peer is asked and has its time to answer; a dead one is a cut", async () => {
  const clock = new MovableClock();
  await using client = new ScriptedLink({ clock, random: () => 0 });
  client.link.open();
  const first = await client.greeted(1);
  first.welcome();
  await client.event("open");
  clock.stall(3_600_000);
  expect(first.terminated).toBe(0);
  expect(first.pings).toBeGreaterThan(0);
  clock.advance(25_000);
  expect(first.terminated).toBe(1);
  clock.advance(100);
  // The window is counted from the cut on, and what became of the session the server says.
  const second = await client.greeted(2);
  expect(second.controls[0]).toMatchObject({ t: "hello", sid: expect.any(String) });
});

it("trap 12: a sleep while interrupted uses up the window", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = await ClientStage.active(server.url, { link: { clock, random: () => 0 } });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  session.connection.cut();
  await client.event("interrupted");
  clock.stall(3_600_000);
  expect(await client.event("sessionLost")).toMatchObject({ reason: "expired" });
  await client.event("disconnected");
  await until(() => !client.proxy.active && clock.pending === 0, "the proxy being inactive");
  expect(client.story).toEqual(["connected", "interrupted", "sessionLost", "disconnected"]);
});

it.for([86_400_000, -86_400_000])(
  "trap 12: the clock does not follow the one on the wall, which jumps by %s ms",
  (jump) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const before = systemClock.now();
    vi.setSystemTime(Date.now() + jump);
    const passed = systemClock.now() - before;
    expect(passed).toBeGreaterThanOrEqual(0);
    expect(passed).toBeLessThan(60_000);
  },
);

it.for([86_400_000, -86_400_000])("trap 12: a wall clock that jumps by %s ms loses no session", async (jump) => {
  vi.useFakeTimers({ toFake: ["Date"] });
  await using server = await HandServer.listen();
  const sessions = answering(server);
  await using client = await ClientStage.active(server.url, { link: { ...promptly, heartbeatMs: 100 } });
  await client.event("connected");
  const session = sessions[0] as HandSession;
  vi.setSystemTime(Date.now() + jump);
  // Longer than it takes to call a peer dead.
  await new Promise((resolve) => setTimeout(resolve, 400));
  server.refuses = 503;
  session.connection.cut();
  await server.upgrade(server.upgrades.length + 1);
  vi.setSystemTime(Date.now() + jump);
  await client.say("meanwhile");
  server.refuses = undefined;
  session.send(says("back"));
  expect(await client.hears(1)).toEqual(["back"]);
  await until(() => textsIn(session.taken).length === 1, "the frame");
  expect(client.all("sessionLost")).toEqual([]);
  expect(sessions).toHaveLength(1);
});

it("an ack that acknowledges nothing new is answered with an ack, the first one excepted", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { clock });
  const session = await HandSession.begin(await server.connection(1));
  const { connection } = session;
  await connection.acknowledged(0);
  session.acknowledge(0);
  await connection.roundTrip();
  clock.advance(1_000);
  await connection.roundTrip();
  expect(connection.acks).toEqual([0]);
  session.acknowledge(0);
  await connection.roundTrip();
  clock.advance(1_000);
  await until(() => connection.acks.length === 2, "the answer");
  await client.link.send(bytes("c1"));
  await connection.framesHeard(1);
  session.acknowledge(1);
  await connection.roundTrip();
  clock.advance(1_000);
  await connection.roundTrip();
  expect(connection.acks).toEqual([0, 0]);
});
