import { MovableClock } from "trunkline/testing";
import { expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";
import { bytes, LinkClient, promptly, textsOf } from "./client-link.ts";
import { ScriptedLink } from "./client-socket.ts";
import { ClientStage, textsIn } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

/** What has become of a promise so far. */
function watched(promise: Promise<void>): { state: "pending" | "resolved"; error?: unknown } {
  const seen: { state: "pending" | "resolved"; error?: unknown } = { state: "pending" };
  promise.then(
    () => {
      seen.state = "resolved";
    },
    (error: unknown) => {
      seen.error = error;
    },
  );
  return seen;
}

it("trap 6: a replay is paced by what the socket has buffered, and new frames queue behind it", async () => {
  await using client = new ScriptedLink({ ...promptly, highWaterBytes: 300 });
  client.link.open();
  const first = await client.greeted(1);
  first.welcome();
  const frame = (n: number): Uint8Array => bytes(String(n).padStart(100, "0"));
  for (let n = 1; n <= 10; n++) await client.link.send(frame(n));
  first.end(1006);
  const second = await client.greeted(2);
  second.holds = true;
  const sent = () => textsOf(second.frames).map(Number);
  second.resumed(0);
  await turns();
  expect(sent()).toEqual([1, 2, 3]);
  const later = [11, 12].map((n) => client.link.send(frame(n)));
  await turns();
  // More than half is still in the socket.
  second.drain(100);
  await turns();
  expect(sent()).toEqual([1, 2, 3]);
  while (sent().length < 12) {
    const before = sent().length;
    second.drain();
    await until(() => sent().length > before, "more of the replay");
    expect(second.bufferedBytes).toBeLessThanOrEqual(300);
  }
  expect(sent()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  await Promise.all(later);
});

it.for([
  ["the server's", 1_048_576, 1_000],
  ["its own", 1_000, 1_048_576],
] as const)("trap 7: a message above %s limit fails alone", async ([, own, theirs]) => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, { maxFrameBytes: own });
  const session = await HandSession.begin(await server.connection(1), { frame: theirs });
  await client.event("open");
  await client.link.send(bytes("before"));
  await expect(client.link.send(new Uint8Array(1_001))).rejects.toMatchObject({ code: "TL_MESSAGE_TOO_LARGE" });
  await client.link.send(new Uint8Array(1_000));
  await client.link.send(bytes("after"));
  await until(() => session.taken.length === 3, "the others");
  expect(session.taken.map((frame) => frame?.byteLength)).toEqual([6, 1_000, 5]);
  expect(client.link.counters).toMatchObject({ rejectedOutboundSize: 1 });
  expect(client.story).toEqual(["open"]);
});

it("trap 7: of the frames that waited for the welcome, those that it makes too large fail alone", async () => {
  await using server = await HandServer.listen();
  await using client = new LinkClient(server.url);
  const sizes = [10, 1_001, 20, 5_000, 1_000];
  const sent = sizes.map((size) => client.link.send(new Uint8Array(size)));
  client.link.open();
  const session = await HandSession.begin(await server.connection(1), { frame: 1_000 });
  const outcomes = await Promise.allSettled(sent);
  expect(outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason.code : "sent"))).toEqual([
    "sent",
    "TL_MESSAGE_TOO_LARGE",
    "sent",
    "TL_MESSAGE_TOO_LARGE",
    "sent",
  ]);
  await until(() => session.taken.length === 3, "the others");
  // The numbers on both sides agree: what failed was never counted.
  session.acknowledge(3);
  await session.connection.roundTrip();
  expect(client.story).toEqual(["open"]);
});

it("trap 7: a message above the server's limit is told to its sender by the proxy", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url);
  const session = await HandSession.begin(await server.connection(1), { frame: 1_000 });
  await client.event("connected");
  await client.say("x".repeat(2_000));
  await client.say("small");
  await until(() => textsIn(session.taken).length === 1, "the small one");
  expect(client.all("rejected")).toMatchObject([{ direction: "outbound", cause: "size" }]);
  expect(textsIn(session.taken)).toEqual(["small"]);
});

it("at the mark while connected, send waits until it is below half, and slow is told", async () => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, { maxQueuedFrames: 8 });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("open");
  for (let n = 1; n <= 8; n++) await client.link.send(bytes(`${n}`));
  const waiting = watched(client.link.send(bytes("9")));
  await session.connection.framesHeard(8);
  session.acknowledge(3);
  await session.connection.roundTrip();
  await turns();
  expect(waiting).toEqual({ state: "pending" });
  expect(client.all("slow")).toHaveLength(1);
  session.acknowledge(6);
  await until(() => waiting.state === "resolved", "the ninth send");
  await session.connection.framesHeard(9);
  expect(textsOf(session.taken)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  expect(client.story).toEqual(["open"]);
});

it.for([
  ["frames", { messages: 4 }],
  ["bytes", { bytes: 400 }],
] as const)("where the server keeps fewer %s, its bound counts", async ([, terms]) => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url);
  const session = await HandSession.begin(await server.connection(1), terms);
  await client.event("open");
  for (let n = 0; n < 4; n++) await client.link.send(new Uint8Array(100));
  const waiting = watched(client.link.send(new Uint8Array(100)));
  await session.connection.framesHeard(4);
  await session.connection.roundTrip();
  expect(waiting).toEqual({ state: "pending" });
  expect(session.taken).toHaveLength(4);
  session.acknowledge();
  await until(() => waiting.state === "resolved", "the fifth send");
});

it("the mark in bytes holds up a sender likewise", async () => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, { maxQueuedBytes: 1_000 });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("open");
  for (let n = 0; n < 4; n++) await client.link.send(new Uint8Array(250));
  const waiting = watched(client.link.send(new Uint8Array(250)));
  await session.connection.framesHeard(4);
  session.acknowledge(1);
  await session.connection.roundTrip();
  expect(waiting).toEqual({ state: "pending" });
  session.acknowledge(3);
  await until(() => waiting.state === "resolved", "the fifth send");
  await session.connection.framesHeard(5);
});

it("the proxy tells that the link is slow, with the bytes that wait, and delivers everything in order later", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: { maxQueuedFrames: 8 } });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  const texts = Array.from({ length: 40 }, (_, n) => `${n}`);
  for (const text of texts) await client.say(text);
  const slow = (await client.event("slow")) as { readonly bufferedBytes: number };
  expect(slow.bufferedBytes).toBeGreaterThan(0);
  expect(session.taken.length).toBeLessThanOrEqual(8);
  session.acknowledges = true;
  session.acknowledge();
  await until(() => textsIn(session.taken).length === 40, "every frame");
  expect(textsIn(session.taken)).toEqual(texts);
});

it("at the mark while interrupted the session ends, and everybody who sent is told", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = await ClientStage.active(server.url, { link: { clock, maxQueuedFrames: 8 } });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  await until(() => session.taken.length === 1, "the announcement");
  session.acknowledge(1);
  await session.connection.roundTrip();
  session.connection.cut();
  await client.event("interrupted");
  for (let n = 1; n <= 7; n++) await client.say(`${n}`);
  await client.running.runner.bus.idle();
  expect(client.story).toEqual(["connected", "interrupted"]);
  for (let n = 8; n <= 10; n++) await client.say(`${n}`);
  const lost = (await client.event("sessionLost")) as { readonly unacknowledged: number };
  expect(lost).toMatchObject({ reason: "overflow" });
  expect(lost.unacknowledged).toBeGreaterThanOrEqual(7);
  expect(lost.unacknowledged).toBeLessThanOrEqual(10);
  expect(await client.event("disconnected")).toMatchObject({ clean: false, lost: "overflow" });
  expect(client.story).toEqual(["connected", "interrupted", "sessionLost", "disconnected"]);
  await until(() => !client.proxy.active && clock.pending === 0, "the proxy being inactive, without a timer");
  expect(server.upgrades).toHaveLength(1);
});

it("a sender that waits at the mark waits over a cut; another one after it ends the session", async () => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, { ...promptly, maxQueuedFrames: 4 });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("open");
  for (let n = 1; n <= 4; n++) await client.link.send(bytes(`${n}`));
  const waiting = watched(client.link.send(bytes("5")));
  await session.connection.framesHeard(4);
  session.connection.cut();
  await client.event("interrupted");
  expect(waiting).toEqual({ state: "pending" });
  await session.resume(await server.connection(2));
  await until(() => waiting.state === "resolved", "the fifth send");
  await until(() => session.taken.length === 5, "the fifth frame");
  expect(textsOf(session.taken)).toEqual(["1", "2", "3", "4", "5"]);
  for (let n = 6; n <= 8; n++) await client.link.send(bytes(`${n}`));
  const last = watched(client.link.send(bytes("9")));
  session.connection.cut();
  await client.event("interrupted", 2);
  await expect(client.link.send(bytes("10"))).rejects.toMatchObject({ code: "TL_CONNECTION_LOST" });
  const { lost, unacknowledged } = await client.link.closed;
  expect(lost).toBe("overflow");
  // The four, the one that waits, and perhaps the one that was one too many.
  expect([5, 6]).toContain(unacknowledged);
  expect(last.error).toMatchObject({ code: "TL_CONNECTION_LOST" });
});
