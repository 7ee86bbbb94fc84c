import { MovableClock } from "trunkline/testing";
import { expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";
import { bytes, LinkClient, promptly } from "./client-link.ts";
import { ClientStage, says, textsIn } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

it.for(["expired", "unknown", "overflow", "pressure", "mismatch"])(
  "trap 10: after lost: %s, old frames are not sent again, and a new session begins on the same connection",
  async (reason) => {
    await using server = await HandServer.listen();
    await using client = await ClientStage.active(server.url, { link: promptly });
    const old = await HandSession.begin(await server.connection(1));
    await client.event("connected");
    await client.say("acknowledged");
    await client.say("not acknowledged");
    await until(() => textsIn(old.taken).length === 2, "two frames");
    old.acknowledge(2);
    await old.connection.roundTrip();
    old.connection.cut();
    await client.event("interrupted");
    await client.say("while interrupted");
    await client.running.runner.bus.idle();
    const connection = await server.connection(2);
    expect(await connection.control("hello")).toMatchObject({ sid: old.sid });
    const next = await HandSession.begin(connection, { lost: reason });
    await client.event("connected", 2);
    expect(client.story).toEqual(["connected", "interrupted", "sessionLost", "disconnected", "connected"]);
    expect(client.all("sessionLost")).toEqual([{ reason, unacknowledged: 2 }]);
    expect(client.all("disconnected")).toMatchObject([{ clean: false, unacknowledged: 2, lost: reason }]);
    expect(client.proxy.active).toBe(true);
    await client.say("new");
    next.send(says("hello again"));
    expect(await client.hears(1)).toEqual(["hello again"]);
    await until(() => textsIn(next.taken).length === 1, "the new frame");
    expect(textsIn(next.taken)).toEqual(["new"]);
    // The new session counts from one, and its own id and token are those of the next resume.
    next.connection.cut();
    expect(await next.resume(await server.connection(3))).toBe(1);
    await client.event("resumed");
    expect(server.connections).toHaveLength(3);
  },
);

it("the window runs out on the client's clock: the server's window, from the cut on", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  const link = { clock, random: () => 0, backoff: { minMs: 1_000, spreadMs: 0, maxSpreadMs: 0 }, windowMs: 1 };
  await using client = await ClientStage.active(server.url, { link });
  const session = await HandSession.begin(await server.connection(1), { windowMs: 5_000 });
  await client.event("connected");
  await client.say("one");
  await until(() => textsIn(session.taken).length === 1, "the frame");
  server.refuses = 503;
  session.connection.cut();
  await client.event("interrupted");
  for (let dial = 1; dial <= 4; dial++) {
    clock.advance(1_000);
    await client.event("connectFailed", dial);
  }
  clock.advance(999);
  await turns();
  expect(client.story).toEqual(["connected", "interrupted"]);
  clock.advance(1);
  // The announcement and the frame.
  expect(await client.event("sessionLost")).toEqual({ reason: "expired", unacknowledged: 2 });
  expect(await client.event("disconnected")).toMatchObject({ clean: false, lost: "expired", unacknowledged: 2 });
  expect(client.story).toEqual(["connected", "interrupted", "sessionLost", "disconnected"]);
  await until(() => !client.proxy.active && clock.pending === 0, "the proxy being inactive, without a timer");
  const { length } = server.upgrades;
  clock.advance(600_000);
  await turns();
  expect(server.upgrades).toHaveLength(length);
});

it("after the window, activated again, the proxy begins a new session without the old frames", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: { backoff: { minMs: 10_000 } } });
  const session = await HandSession.begin(await server.connection(1), { windowMs: 50 });
  await client.event("connected");
  await client.say("old");
  await until(() => textsIn(session.taken).length === 1, "the frame");
  session.connection.cut();
  await client.event("disconnected");
  await until(() => !client.proxy.active, "the proxy being inactive");
  await client.activate();
  const next = await HandSession.begin(await server.connection(2));
  await client.event("connected", 2);
  await client.say("new");
  await until(() => textsIn(next.taken).length === 1, "the new frame");
  expect(textsIn(next.taken)).toEqual(["new"]);
});

it("a session whose window is 0 ends with its connection", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await HandSession.begin(await server.connection(1), { windowMs: 0 });
  await client.event("connected");
  session.connection.cut();
  expect(await client.event("sessionLost")).toMatchObject({ reason: "expired" });
  await client.event("disconnected");
  await until(() => !client.proxy.active, "the proxy being inactive");
});

it("a plain connection that breaks is lost as plain, and one that is closed is not lost", async () => {
  await using server = await HandServer.listen();
  server.selects = undefined;
  await using client = await ClientStage.active(server.url, { link: promptly });
  await client.event("connected");
  (await server.connection(1)).cut();
  expect(await client.event("sessionLost")).toMatchObject({ reason: "plain" });
  expect(await client.event("disconnected")).toMatchObject({ clean: false, lost: "plain" });
  await until(() => !client.proxy.active, "the proxy being inactive");
  await client.activate();
  await client.event("connected", 2);
  (await server.connection(2)).close(1000);
  expect(await client.event("disconnected", 2)).toMatchObject({ code: 1000, clean: true });
  expect(client.story).toEqual(["connected", "sessionLost", "disconnected", "connected", "disconnected"]);
});

/** The endings of a session with ten frames of which the server has handled four and acknowledged two. */
const endings: Readonly<Record<string, (server: HandServer, session: HandSession, client: LinkClient) => void>> = {
  refused: (_server, { connection }) => connection.close(4500),
  violation: (_server, { connection }) => connection.sayText("nonsense"),
  "bye of the server": (_server, { connection }) => {
    connection.say({ t: "bye" });
    connection.close(1000);
  },
  expired: (server, { connection }) => {
    server.refuses = 503;
    connection.cut();
  },
  overflow: (server, { connection }, { link }) => {
    server.refuses = 503;
    connection.cut();
    for (let n = 0; n < 20; n++) setTimeout(() => void link.send(bytes("more")).catch(() => {}), n);
  },
  "closed here, and cut before everything was read": (_server, { connection }, { link }) => {
    connection.websocket.pause();
    void link.send(bytes("more")).catch(() => {});
    void link.close();
    connection.cut();
  },
  "closed here, while the server closes without having read it": (_server, { connection }, { link }) => {
    connection.websocket.pause();
    void link.send(bytes("more")).catch(() => {});
    void link.close();
    connection.close(1012, "restarting");
    setTimeout(() => connection.cut(), 100);
  },
  "terminated here": (_server, _session, { link }) => link.terminate(),
  "terminated here while interrupted": (server, { connection }, { link }) => {
    server.holds = true;
    connection.cut();
    void until(() => link.state === "interrupted", "the cut").then(() => link.terminate());
  },
  "closed here while interrupted": (server, { connection }, { link }) => {
    server.holds = true;
    connection.cut();
    void until(() => link.state === "interrupted", "the cut").then(() => link.close());
  },
};

it.for(Object.keys(endings))("unacknowledged is an upper bound of the loss: %s", async (name) => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, { ...promptly, maxQueuedFrames: 16 });
  const session = await HandSession.begin(await server.connection(1), { windowMs: 200 });
  await client.event("open");
  for (let n = 1; n <= 10; n++) await client.link.send(bytes(`${n}`));
  await session.connection.framesHeard(10);
  session.acknowledge(2);
  await session.connection.roundTrip();
  endings[name]?.(server, session, client);
  const { unacknowledged } = await client.link.closed;
  const handled = 4;
  // A server that said bye has read everything, so that nothing may be lost either.
  if (name !== "bye of the server") expect(unacknowledged).toBeGreaterThanOrEqual(10 - handled);
  expect(unacknowledged).toBeLessThanOrEqual(name === "overflow" ? 28 : 9);
  expect(client.all("closed")).toHaveLength(1);
});

it("frames that are not worth replaying count as unacknowledged as well", async () => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, { clock: new MovableClock() });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("open");
  await client.link.send(bytes("kept"));
  await client.link.send(bytes("stale"), false);
  await session.connection.framesHeard(2);
  session.connection.cut();
  await client.event("interrupted");
  await client.link.send(bytes("stale"), false);
  client.link.terminate();
  expect(await client.link.closed).toMatchObject({ unacknowledged: 3 });
});
