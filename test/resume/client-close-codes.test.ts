import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { promptly } from "./client-link.ts";
import { ClientStage, textsIn } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

// Without a code it is 1005 on the wire.
const comesBack = [undefined, 1000, 1001, 1011, 1012, 1013, 3000, 4000, 4401, 4408, 4409, 4429, 4499];
const staysAway = [1002, 1003, 1007, 1008, 1009, 1010, 4500, 4501, 4503, 4999];

it.for(comesBack)("close code %s without a bye is a cut: the session comes back", async (code) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  await client.say("kept");
  await until(() => textsIn(session.taken).length === 1, "the frame");
  session.connection.close(code, "because");
  const connection = await server.connection(2);
  expect(await client.event("interrupted")).toMatchObject({ code: code ?? 1005, reason: code ? "because" : "" });
  await session.resume(connection, 1);
  await until(() => textsIn(session.taken).length === 1, "the frame again");
  expect(await client.event("resumed")).toMatchObject({ replayed: 1, skipped: 0 });
  expect(client.story).toEqual(["connected", "interrupted", "resumed"]);
});

it.for(staysAway)("close code %s ends the session as refused, once, and nobody dials again", async (code) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  await client.say("lost");
  await until(() => textsIn(session.taken).length === 1, "the frame");
  session.connection.close(code, "never again");
  expect(await client.event("sessionLost")).toEqual({ reason: "refused", unacknowledged: 2 });
  const ending = { code, reason: "never again", clean: false, lost: "refused", unacknowledged: 2 };
  expect(await client.event("disconnected")).toMatchObject(ending);
  await until(() => !client.proxy.active, "the proxy being inactive");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(server.upgrades).toHaveLength(1);
  expect(client.story).toEqual(["connected", "sessionLost", "disconnected"]);
});

it.for(staysAway)("close code %s in answer to a resume ends the session as refused", async (code) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  await until(() => session.taken.length === 1, "the announcement");
  session.connection.cut();
  const connection = await server.connection(2);
  await connection.control("hello");
  connection.close(code, "no");
  expect(await client.event("sessionLost")).toEqual({ reason: "refused", unacknowledged: 1 });
  expect(await client.event("disconnected")).toMatchObject({ code, reason: "no", lost: "refused" });
  await until(() => !client.proxy.active, "the proxy being inactive");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(server.upgrades).toHaveLength(2);
  expect(client.story).toEqual(["connected", "interrupted", "sessionLost", "disconnected"]);
});

it.for(staysAway)("close code %s in answer to the first hello is a failure that is not tried again", async (code) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const connection = await server.connection(1);
  await connection.control("hello");
  connection.close(code, "no");
  await until(() => !client.proxy.active, "the proxy being inactive");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(server.upgrades).toHaveLength(1);
  expect(client.all("connected")).toEqual([]);
});

it.for(comesBack)("close code %s in answer to a hello, first or not, is followed by another dial", async (code) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const first = await server.connection(1);
  await first.control("hello");
  first.close(code, "later");
  const session = await HandSession.begin(await server.connection(2));
  await client.event("connected");
  session.connection.cut();
  const third = await server.connection(3);
  await third.control("hello");
  third.close(code, "later");
  await session.resume(await server.connection(4));
  await client.event("resumed");
  expect(client.story).toEqual(["connected", "interrupted", "resumed"]);
});

it("4401: the next dial asks for fresh credentials", async () => {
  await using server = await HandServer.listen();
  let asked = 0;
  const headers = () => ({ authorization: `Bearer ${++asked}` });
  await using client = await ClientStage.active(server.url, { link: promptly, headers });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  session.connection.close(4401, "expired");
  await session.resume(await server.connection(2));
  await client.event("resumed");
  expect(server.upgrades.map(({ headers: { authorization } }) => authorization)).toEqual(["Bearer 1", "Bearer 2"]);
});

it("a resume whose upgrade is refused is tried again, until it is let in", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  server.refuses = 503;
  session.connection.cut();
  await server.upgrade(4);
  server.refuses = undefined;
  await session.resume(await server.connection(2));
  await client.event("resumed");
  expect(client.story).toEqual(["connected", "interrupted", "resumed"]);
});
