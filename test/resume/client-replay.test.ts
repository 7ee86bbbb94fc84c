import { type FaultConnection, FaultProxy } from "trunkline/testing/node";
import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { bytes, LinkClient, promptly, textsOf } from "./client-link.ts";
import { HandServer } from "./hand-server.ts";
import { answering, HandSession } from "./hand-session.ts";

const texts = (prefix: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${from + index}`);

/** What was heard of the client, acknowledged of that, and what of it survived the cut. */
const outbound = [0, 1, 2, 3].flatMap((heard) =>
  [0, 1, 2, 3].flatMap((acked) => [0, 1, 2, 3].map((received) => ({ heard, acked, received }))),
);

it.for(outbound.filter(({ heard, acked, received }) => acked <= received && received <= heard))(
  "the client's frames arrive once and in order: $heard heard, $acked acknowledged, $received received at the cut",
  async ({ heard, acked, received }) => {
    await using server = await HandServer.listen();
    await using client = LinkClient.opened(server.url, promptly);
    const session = await HandSession.begin(await server.connection(1));
    for (const text of texts("c", 1, heard)) await client.link.send(bytes(text));
    await session.connection.framesHeard(heard);
    if (acked > 0) session.acknowledge(acked);
    await session.connection.roundTrip();
    session.connection.cut();
    await client.event("interrupted");
    // The rest is said while there is no connection.
    for (const text of texts("c", heard + 1, 4)) await client.link.send(bytes(text));
    await session.resume(await server.connection(2), received);
    await client.event("resumed");
    await client.link.send(bytes("c5"));
    await until(() => session.taken.length >= 5, "the last frame");
    expect(textsOf(session.taken)).toEqual(texts("c", 1, 5));
    expect(textsOf((await server.connection(2)).frames)).toEqual(texts("c", received + 1, 5));
    expect(client.story).toEqual(["open", "interrupted", "resumed"]);
  },
);

it.for([0, 1, 2, 3].flatMap((before) => ["clean", "midway"].map((cut) => ({ before, cut }))))(
  "the server's frames are handed over once and in order: $before sent before a cut that is $cut",
  async ({ before, cut }) => {
    await using server = await HandServer.listen();
    await using client = LinkClient.opened(server.url, promptly);
    const session = await HandSession.begin(await server.connection(1));
    session.send(...texts("s", 1, before).map(bytes));
    if (cut === "clean") await client.received(before);
    session.connection.cut();
    const connection = await server.connection(2);
    // What the session sends while it has no connection is part of the replay.
    session.said.push(...texts("s", before + 1, 4).map(bytes));
    const arrived = await session.resume(connection);
    if (cut === "clean") expect(arrived).toBe(before);
    session.send(bytes("s5"));
    expect(await client.received(5)).toEqual(texts("s", 1, 5));
    await connection.acknowledged(5);
    expect(client.texts).toEqual(texts("s", 1, 5));
  },
);

it("a client that was cut before it read the answer comes back with the token it knows", async () => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, promptly);
  const session = await HandSession.begin(await server.connection(1));
  await client.link.send(bytes("c1"));
  await session.connection.framesHeard(1);
  session.connection.cut();
  for (const n of [2, 3]) {
    const connection = await server.connection(n);
    expect(await connection.control("hello")).toMatchObject({ sid: session.sid, token: session.token, received: 0 });
    connection.cut();
  }
  await session.resume(await server.connection(4), 0);
  await until(() => session.taken.length === 1, "the frame again");
  expect(client.all("interrupted")).toHaveLength(1);
  expect(client.all("resumed")).toHaveLength(1);
});

it("each resume brings another token, and the next one needs it", async () => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, promptly);
  const session = await HandSession.begin(await server.connection(1));
  for (let n = 2; n <= 5; n++) {
    await client.link.send(bytes(`c${n}`));
    session.connection.cut();
    // Compares the hello with the session's last token.
    const connection = await server.connection(n);
    await session.resume(connection, Math.max(session.confirmed, Math.floor(session.taken.length / 2)));
    await client.event("resumed", n - 1);
  }
  await until(() => session.taken.length === 4, "every frame");
  expect(textsOf(session.taken)).toEqual(texts("c", 2, 5));
});

it.for(["up", "down"] as const)(
  "whichever byte is the last before a cut on the way %s, nothing is lost and nothing comes twice",
  async (direction) => {
    await using server = await HandServer.listen();
    const sessions = answering(server);
    let cutAfter: number | undefined;
    const onConnection = (connection: FaultConnection): void => {
      if (cutAfter !== undefined) connection.cutAfter(cutAfter, { direction });
      cutAfter = undefined;
    };
    await using faults = await FaultProxy.listen({ url: server.url }, { onConnection });
    const seen = { interrupted: 0, connectFailed: 0, neither: 0 };
    for (let byteCount = 1; byteCount < 800; byteCount += 7) {
      sessions.length = 0;
      cutAfter = byteCount;
      await using client = LinkClient.opened(faults.url, { ...promptly, random: () => 0 });
      await client.event("open");
      for (const text of texts("c", 1, 3)) await client.link.send(bytes(text));
      const session = (): HandSession | undefined => sessions.at(-1);
      session()?.send(...texts("s", 1, 3).map(bytes));
      await client.link.send(bytes("c4"));
      await until(() => session()?.taken.length === 4, `the client's frames, cut after ${byteCount} bytes`);
      await client.received(3);
      expect(textsOf(session()?.taken ?? [])).toEqual(texts("c", 1, 4));
      expect(client.texts).toEqual(texts("s", 1, 3));
      const interrupted = client.all("interrupted").length;
      const failed = client.all("connectFailed").length;
      expect(client.all("closed")).toEqual([]);
      seen.interrupted += interrupted;
      seen.connectFailed += failed;
      seen.neither += interrupted + failed === 0 ? 1 : 0;
    }
    // The cuts fell into the handshakes as well as into the session, and the last ones behind everything.
    expect(Math.min(seen.interrupted, seen.connectFailed, seen.neither)).toBeGreaterThan(0);
  },
);
