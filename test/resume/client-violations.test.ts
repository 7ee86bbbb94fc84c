import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { promptly } from "./client-link.ts";
import { ClientStage, says, textsIn } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession, secret } from "./hand-session.ts";

/** A session with two frames of the client, of which the first is acknowledged. */
async function withTwoFrames(server: HandServer, client: ClientStage): Promise<HandSession> {
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  await client.say("one");
  await client.say("two");
  await until(() => textsIn(session.taken).length === 2, "two frames");
  session.acknowledge(session.taken.length - 1);
  await session.connection.roundTrip();
  return session;
}

async function expectViolation(server: HandServer, client: ClientStage): Promise<void> {
  expect(await (server.connections.at(-1) as HandSession["connection"]).gone()).toMatchObject({ code: 4500 });
  expect(await client.event("sessionLost")).toMatchObject({ reason: "violation", unacknowledged: 1 });
  expect(await client.event("disconnected")).toMatchObject({ clean: false, lost: "violation", unacknowledged: 1 });
  await until(() => !client.proxy.active, "the proxy being inactive");
  // Longer than any wait before it would connect again.
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(client.all("sessionLost")).toHaveLength(1);
  expect(client.all("disconnected")).toHaveLength(1);
}

// The client has sent three frames (it announces its agent first), and two of them are acknowledged.
const numbers = ["4", "1", "0", "-1", "2.5", "9007199254740993", "1e400", '"3"', "null", "true", "[3]", "{}"];

it.for([...numbers, undefined])("trap 5: an ack of %s ends the session as a violation", async (number) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await withTwoFrames(server, client);
  expect([session.taken.length, textsIn(session.taken).length]).toEqual([3, 2]);
  session.connection.sayText(number === undefined ? '{"t":"ack"}' : `{"t":"ack","received":${number}}`);
  await expectViolation(server, client);
  expect(server.connections).toHaveLength(1);
  expect(client.story).toEqual(["connected", "sessionLost", "disconnected"]);
});

it.for([...numbers, undefined])("trap 5: resumed with %s ends the session as a violation", async (number) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await withTwoFrames(server, client);
  session.connection.cut();
  const connection = await server.connection(2);
  await connection.control("hello");
  const token = `"token":"${secret()}"`;
  connection.sayText(
    number === undefined ? `{"t":"resumed",${token}}` : `{"t":"resumed","received":${number},${token}}`,
  );
  await expectViolation(server, client);
  expect(server.connections).toHaveLength(2);
  expect(connection.frames).toEqual([]);
  expect(client.story).toEqual(["connected", "interrupted", "sessionLost", "disconnected"]);
});

const malformed = {
  "no JSON": "ack 2",
  "half an object": '{"t":"ack","received":',
  "an empty text": "",
  "a list": '[{"t":"ack","received":2}]',
  "a number": "2",
  null: "null",
  "an object without a type": '{"received":2}',
  "an unknown type": '{"t":"dance"}',
  "a type of the prototype": '{"t":"constructor"}',
  "a skip without a count": '{"t":"skip"}',
  "a skip of nothing": '{"t":"skip","count":0}',
  "a skip of less than nothing": '{"t":"skip","count":-1}',
  "a skip of a half": '{"t":"skip","count":0.5}',
  "a skip beyond what can be counted": '{"t":"skip","count":9007199254740992}',
  "a text of more than 4 KiB": `{"t":"ack","received":2,"more":"${"x".repeat(4_096)}"}`,
  "a welcome where there is a session": JSON.stringify({
    t: "welcome",
    sid: secret(),
    token: secret(),
    windowMs: 1_000,
    max: { frame: 1_000, messages: 10, bytes: 10_000 },
    heartbeatMs: 1_000,
  }),
  "a resumed that nobody asked for": JSON.stringify({ t: "resumed", received: 2, token: secret() }),
  "a hello": '{"t":"hello","v":1,"sid":null,"received":0}',
  "an away without a window": '{"t":"away"}',
  "an away with words for a window": '{"t":"away","retryMs":["soon","later"]}',
  "an away with half a window": '{"t":"away","retryMs":[100]}',
} as const;

it.for(Object.entries(malformed))("%s ends the session as a violation", async ([, text]) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await withTwoFrames(server, client);
  session.connection.sayText(text);
  await expectViolation(server, client);
  expect(server.connections).toHaveLength(1);
});

const welcome = { sid: secret(), token: secret(), windowMs: 1_000, heartbeatMs: 1_000 };
const max = { frame: 1_000, messages: 10, bytes: 10_000 };

it.for([
  ["a frame", undefined],
  ["an ack", { t: "ack", received: 0 }],
  ["a resumed", { t: "resumed", received: 0, token: secret() }],
  ["a welcome without terms", { t: "welcome" }],
  ["a welcome without an id", { ...welcome, t: "welcome", sid: undefined, max }],
  ["a welcome with an id that is none", { ...welcome, t: "welcome", sid: "short", max }],
  ["a welcome with a token that is none", { ...welcome, t: "welcome", token: `${"x".repeat(21)}/`, max }],
  ["a welcome with a window in words", { ...welcome, t: "welcome", windowMs: "1s", max }],
  ["a welcome with a window below 0", { ...welcome, t: "welcome", windowMs: -1, max }],
  ["a welcome without limits", { ...welcome, t: "welcome" }],
  ["a welcome with a limit of no bytes", { ...welcome, t: "welcome", max: { ...max, frame: 0 } }],
  ["a welcome with a heartbeat of 0", { ...welcome, t: "welcome", heartbeatMs: 0, max }],
] as const)("%s instead of a proper welcome is a violation, and no session begins", async ([, answer]) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: { ...promptly, connectAttempts: 1 } });
  const connection = await server.connection(1);
  await connection.control("hello");
  if (answer === undefined) connection.send(says("too early"));
  else connection.sayText(JSON.stringify(answer));
  expect(await connection.gone()).toMatchObject({ code: 4500 });
  await until(() => !client.proxy.active, "the proxy being inactive");
  expect(client.all("connected")).toEqual([]);
  expect(client.heard).toEqual([]);
  expect(connection.frames).toEqual([]);
});
