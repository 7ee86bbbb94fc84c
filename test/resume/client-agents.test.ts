import { BusFrameMessage, InputAudioRawFrame, type ResumedData } from "trunkline";
import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { announcementsIn, met } from "./client-assistant.ts";
import { promptly } from "./client-link.ts";
import { ClientStage, says, textsIn } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

it("trap 15: agents are announced again after sessionLost, not after resumed", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await met(server, client);
  await until(() => announcementsIn(session).length === 1, "the announcement");
  session.connection.cut();
  await session.resume(await server.connection(2));
  await client.event("resumed");
  await client.say("behind it");
  await until(() => textsIn(session.taken).length === 1, "the frame");
  expect(announcementsIn(session)).toHaveLength(1);
  expect(client.running.runner.registry.has("assistant")).toBe(true);
  session.connection.cut();
  const next = await HandSession.begin(await server.connection(3), { lost: "expired" });
  await until(() => announcementsIn(next).length === 1, "the announcement in the new session");
  expect(announcementsIn(next)).toMatchObject([{ source: "acme", agents: [{ name: "acme" }] }]);
  expect(client.running.runner.registry.has("assistant")).toBe(false);
});

it("frames that are not worth replaying leave a skip, and the numbers stay right", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly, notReplayed: [InputAudioRawFrame] });
  const session = await met(server, client);
  const { bus } = client.running.runner;
  const hum = async () => {
    const frame = new InputAudioRawFrame({ audio: new Uint8Array(320), sampleRate: 16_000 });
    await bus.send(new BusFrameMessage({ source: "acme", frame, direction: "downstream" }));
    await bus.idle();
  };
  await client.say("one");
  await bus.idle();
  await hum();
  await hum();
  await client.say("two");
  await until(() => session.taken.length === 5, "the announcement and four frames");
  session.connection.cut();
  await client.event("interrupted");
  await hum();
  await client.say("three");
  await bus.idle();
  const connection = await server.connection(2);
  // The announcement and the first text have arrived.
  await session.resume(connection, 2);
  expect(await client.event("resumed")).toMatchObject({ replayed: 1, skipped: 3 });
  await until(() => textsIn(session.taken).length === 3, "every text");
  expect(connection.story.filter((word) => !word.startsWith("ack"))).toEqual([
    "hello",
    "skip 2",
    "frame",
    "skip 1",
    "frame",
  ]);
  expect(session.taken.map((frame) => frame !== undefined)).toEqual([true, true, false, false, true, false, true]);
  session.acknowledge(7);
  // Live again, audio passes.
  await hum();
  await until(() => session.taken.length === 8, "audio on the new connection");
  expect(client.story).toEqual(["connected", "interrupted", "resumed"]);
});

it("connected is once per session, interrupted and resumed around each cut, disconnected once", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await met(server, client);
  for (let n = 2; n <= 4; n++) {
    await client.say(`${n}`);
    await until(() => textsIn(session.taken).length === n - 1, "the frame");
    session.connection.cut();
    await session.resume(await server.connection(n), session.taken.length - 1);
    expect(await client.event("resumed", n - 1)).toMatchObject({ replayed: 1, skipped: 0 });
    await until(() => textsIn(session.taken).length === n - 1, "the frame again");
  }
  session.send(says("still there"));
  expect(await client.hears(1)).toEqual(["still there"]);
  await client.deactivate();
  await client.event("disconnected");
  const around = ["interrupted", "resumed"];
  expect(client.story).toEqual(["connected", ...around, ...around, ...around, "disconnected"]);
  const sockets = [...client.all("connected"), ...client.all("resumed").map((data) => (data as ResumedData).websocket)];
  expect(new Set(sockets).size).toBe(4);
  for (const data of client.all("interrupted")) expect(data).toMatchObject({ code: 1006, reason: expect.any(String) });
});

it("the counters tell what has crossed, what waits and what was sent again", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  const counters = () => client.proxy.counters?.link;
  for (const text of ["1", "2", "3"]) await client.say(text);
  // The announcement is a frame as well.
  await until(() => session.taken.length === 4, "four frames");
  expect(counters()).toMatchObject({ acknowledged: 0, unacknowledged: 4, replayed: 0, resumed: 0, connectAttempts: 1 });
  expect(counters()?.bufferedBytes).toBe(session.taken.reduce((sum, frame) => sum + (frame?.byteLength ?? 0), 0));
  expect(counters()?.roundTripMs).toBeGreaterThan(0);
  session.acknowledge(3);
  await session.connection.roundTrip();
  expect(counters()).toMatchObject({ acknowledged: 3, unacknowledged: 1 });
  session.connection.cut();
  await session.resume(await server.connection(2), 3);
  await until(() => session.taken.length === 4, "the last frame again");
  session.send(says("a"));
  session.connection.say({ t: "skip", count: 2 });
  session.said.push(new Uint8Array(), new Uint8Array());
  session.acknowledge(4);
  await session.connection.roundTrip();
  expect(counters()).toMatchObject({
    acknowledged: 4,
    unacknowledged: 0,
    bufferedBytes: 0,
    replayed: 1,
    skipped: 0,
    skippedByPeer: 2,
    interrupted: 1,
    resumed: 1,
    connectAttempts: 2,
  });
  await session.connection.acknowledged(3);
});
