import { MovableClock } from "trunkline/testing";
import { expect, it } from "vitest";
import { bytes, LinkClient } from "./client-link.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

/** The server's half of the session, once its welcome has been acknowledged. */
async function begun(server: HandServer): Promise<HandSession> {
  const session = await HandSession.begin(await server.connection(1));
  await session.connection.acknowledged(0);
  return session;
}

const frames = (count: number, byteLength = 1): Uint8Array[] =>
  Array.from({ length: count }, () => new Uint8Array(byteLength));

it("64 frames are acknowledged at once, 63 are not", async () => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, { clock: new MovableClock() });
  const session = await begun(server);
  session.send(...frames(63));
  await session.connection.roundTrip();
  expect(client.messages).toHaveLength(63);
  expect(session.connection.acks).toEqual([0]);
  session.send(...frames(1));
  await session.connection.acknowledged(64);
  session.send(...frames(64));
  await session.connection.acknowledged(128);
  expect(session.connection.acks).toEqual([0, 64, 128]);
});

it("256 KiB are acknowledged at once, a byte less is not", async () => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, { clock: new MovableClock() });
  const session = await begun(server);
  session.send(...frames(3, 65_536), ...frames(1, 65_535));
  await session.connection.roundTrip();
  expect(client.messages).toHaveLength(4);
  expect(session.connection.acks).toEqual([0]);
  session.send(...frames(1));
  await session.connection.acknowledged(5);
  session.send(...frames(1, 262_144));
  await session.connection.acknowledged(6);
});

it("a single frame is acknowledged after 200 ms, and nothing is said where nothing came", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { clock });
  const session = await begun(server);
  session.send(bytes("one"));
  await client.received(1);
  clock.advance(199);
  session.send(bytes("two"));
  await client.received(2);
  await session.connection.roundTrip();
  expect(session.connection.acks).toEqual([0]);
  clock.advance(1);
  await session.connection.acknowledged(2);
  clock.advance(2_000);
  await session.connection.roundTrip();
  expect(session.connection.acks).toEqual([0, 2]);
});

it("an acknowledgement by number starts the 200 ms anew", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { clock });
  const session = await begun(server);
  session.send(...frames(1));
  await client.received(1);
  clock.advance(150);
  session.send(...frames(63));
  await session.connection.acknowledged(64);
  session.send(...frames(1));
  await client.received(65);
  clock.advance(199);
  await session.connection.roundTrip();
  expect(session.connection.acks).toEqual([0, 64]);
  clock.advance(1);
  await session.connection.acknowledged(65);
});

it("a skip of the server counts as so many frames, and is acknowledged", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { clock });
  const session = await begun(server);
  session.connection.send(bytes("1"));
  session.connection.say({ t: "skip", count: 3 });
  session.connection.send(bytes("5"));
  // What the hand-written session believes it has said.
  session.said.push(...frames(5));
  expect(await client.received(2)).toEqual(["1", "5"]);
  clock.advance(200);
  await session.connection.acknowledged(5);
});

it("while it is held back nothing is acknowledged, and a timer that runs out then says nothing twice", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { clock });
  const session = await begun(server);
  session.send(...frames(1));
  await client.received(1);
  client.link.holdBack(true);
  session.send(...frames(100));
  await client.received(101);
  clock.advance(1_000);
  await session.connection.roundTrip();
  expect(session.connection.acks).toEqual([0]);
  client.link.holdBack(false);
  clock.advance(200);
  await session.connection.acknowledged(101);
  expect(session.connection.acks).toEqual([0, 101]);
});
