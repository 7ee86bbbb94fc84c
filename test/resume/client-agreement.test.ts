import { MovableClock } from "trunkline/testing";
import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { bytes, LinkClient, promptly, textsOf } from "./client-link.ts";
import { ClientStage, says, textsIn } from "./client-stage.ts";
import type { HandConnection } from "./hand-connection.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

it("one dial serves a server that resumes and a server that selects nothing", async () => {
  await using resuming = await HandServer.listen();
  await using plain = await HandServer.listen();
  plain.selects = undefined;
  await using first = await ClientStage.active(resuming.url);
  await using second = await ClientStage.active(plain.url);
  const session = await HandSession.begin(await resuming.connection(1));
  const connection = await plain.connection(1);
  for (const client of [first, second]) {
    await client.event("connected");
    await client.say("hi");
  }
  await until(() => textsIn(session.taken).length === 1, "the frame at the resuming server");
  await until(() => textsIn(connection.frames).length === 1, "the frame at the plain server");
  // The server notes any text frame in plain mode as a complaint.
  expect(connection.controls).toEqual([]);
  for (const { upgrades } of [resuming, plain]) {
    expect(upgrades[0]?.headers["sec-websocket-protocol"]).toBe("trunkline.resume.v1");
    expect(upgrades[0]?.headers["sec-websocket-extensions"]).toBeUndefined();
  }
});

it("in plain mode, text frames are accepted, and are messages and nothing else", async () => {
  await using server = await HandServer.listen();
  server.selects = undefined;
  await using client = await ClientStage.active(server.url);
  await client.event("connected");
  const { websocket } = await server.connection(1);
  websocket.send(new TextDecoder().decode(says("as text")));
  websocket.send(JSON.stringify({ t: "bye" }));
  websocket.send(says("as bytes"));
  expect(await client.hears(2)).toEqual(["as text", "as bytes"]);
  expect(client.story).toEqual(["connected"]);
  expect(client.all("rejected")).toMatchObject([{ direction: "inbound" }]);
});

it("with resume: off nothing is offered", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: { resume: "off" } });
  await client.event("connected");
  await client.say("hi");
  await (await server.connection(1)).framesHeard(1);
  expect(server.upgrades[0]?.headers["sec-websocket-protocol"]).toBeUndefined();
});

it("with resume: require a server that selects nothing is a failure that is not tried again", async () => {
  await using server = await HandServer.listen();
  server.selects = undefined;
  await using client = await ClientStage.active(server.url, { link: { ...promptly, resume: "require" } });
  expect(await client.event("connectFailed")).toMatchObject({ error: { code: "TL_RESUME_UNAVAILABLE" } });
  expect(client.all("connectFailed")).toMatchObject([{ retryInMs: undefined }]);
  await (await server.connection(1)).gone();
  await until(() => !client.proxy.active, "the proxy being inactive");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(server.upgrades).toHaveLength(1);
  expect(client.story).toEqual([]);
});

it("with resume: require a server that resumes is served", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: { resume: "require" } });
  await HandSession.begin(await server.connection(1));
  await client.event("connected");
});

it("hello is the first word, with these fields and no others, and the welcome is acknowledged at once", async () => {
  await using server = await HandServer.listen();
  // The clock stands still, so what comes does not wait for a timer.
  await using client = LinkClient.opened(server.url, { clock: new MovableClock() });
  const connection = await server.connection(1);
  expect(await connection.control("hello")).toEqual({ t: "hello", v: 1, sid: null, received: 0 });
  await HandSession.begin(connection);
  await connection.acknowledged(0);
  expect(connection.story).toEqual(["hello", "ack 0"]);
  expect(client.story).toEqual(["open"]);
});

it("hello of a resume has these fields and no others, and resumed is acknowledged at once", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { ...promptly, clock });
  const session = await HandSession.begin(await server.connection(1));
  session.send(bytes("s1"), bytes("s2"));
  await client.received(2);
  session.connection.cut();
  await until(() => client.link.state === "interrupted", "the cut");
  clock.advance(1);
  const connection = await server.connection(2);
  const hello = await connection.control("hello");
  expect(hello).toEqual({ t: "hello", v: 1, sid: session.sid, token: session.token, received: 2 });
  expect(await session.resume(connection)).toBe(2);
  await connection.acknowledged(2);
  expect(connection.story).toEqual(["hello", "ack 2"]);
});

it("no frame leaves before the welcome, and those that waited leave then in order", async () => {
  await using server = await HandServer.listen();
  await using client = new LinkClient(server.url);
  const sent = ["a", "b", "c"].map((text) => client.link.send(bytes(text)));
  client.link.open();
  const connection = await server.connection(1);
  await connection.control("hello");
  sent.push(client.link.send(bytes("d")));
  await connection.roundTrip();
  expect(connection.story).toEqual(["hello"]);
  expect(client.story).toEqual([]);
  await HandSession.begin(connection);
  expect(textsOf(await connection.framesHeard(4))).toEqual(["a", "b", "c", "d"]);
  await Promise.all(sent);
});

it("a server that selects and then says nothing is given up, and dialed again", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { clock, random: () => 0 });
  const connection = await server.connection(1);
  await connection.control("hello");
  const moved = { ms: 0 };
  await until(() => {
    clock.advance(100);
    moved.ms += 100;
    return connection.ending !== undefined;
  }, "the first connection being given up");
  expect(moved.ms).toBeGreaterThanOrEqual(1_000);
  await until(() => {
    clock.advance(100);
    return server.connections.length === 2;
  }, "the second dial");
  await HandSession.begin(await server.connection(2));
  await client.event("open");
  expect(client.all("closed")).toEqual([]);
});

it("a server that agrees to everything and speaks something else is dialed again without the offer", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const first = await server.connection(1);
  await first.control("hello");
  first.send(says("no welcome"));
  expect(await first.gone()).toMatchObject({ code: 4500 });
  (await server.connection(2)).send(says("plain"));
  expect(await client.hears(1)).toEqual(["plain"]);
  expect(server.upgrades.map(({ headers }) => headers["sec-websocket-protocol"])).toEqual([
    "trunkline.resume.v1",
    undefined,
  ]);
  expect(client.story).toEqual(["connected"]);
});

it("trap 17: on a plain connection a session's id is neither said nor taken, and old frames are not sent", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: { ...promptly, windowMs: 500 } });
  const session = await HandSession.begin(await server.connection(1), { windowMs: 500 });
  await client.event("connected");
  await client.say("old");
  await until(() => textsIn(session.taken).length === 1, "the first frame");
  server.selects = undefined;
  session.connection.cut();
  const connection = await server.connection(2);
  connection.websocket.send(JSON.stringify(session.welcome()));
  connection.websocket.send(JSON.stringify({ t: "resumed", received: 0, token: session.token }));
  await client.event("sessionLost");
  await client.event("disconnected");
  expect(client.all("resumed")).toEqual([]);
  expect(client.all("sessionLost")).toHaveLength(1);
  expect(server.connections.flatMap(({ frames }) => textsIn(frames))).toEqual(["old"]);
});

it("trap 17: a server that is plain for a while does not end the session", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  await client.say("kept");
  await until(() => textsIn(session.taken).length === 1, "the frame");
  server.selects = undefined;
  session.connection.cut();
  await (await server.connection(2)).gone();
  server.selects = "trunkline.resume.v1";
  const greeted = () => server.connections.find(({ controls }, index) => index > 0 && controls.length > 0);
  await until(() => greeted() !== undefined, "the client coming back");
  await session.resume(greeted() as HandConnection, 0);
  await client.event("resumed");
  await until(() => textsIn(session.taken).length === 1, "the frame again");
  expect(client.story).toEqual(["connected", "interrupted", "resumed"]);
});
