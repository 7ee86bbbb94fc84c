import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { bytes, promptly } from "./client-link.ts";
import { ClientStage, textsIn } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

// Without an acknowledgement nobody knows that the five and the announcement were handled.
it.for([
  ["acknowledges", true, 0],
  ["does not acknowledge", false, 6],
] as const)(
  "deactivated, it hands over what waits, acknowledges what came, says bye, closes, and waits for the close of a server that %s",
  async ([, acknowledges, unacknowledged]) => {
    await using server = await HandServer.listen();
    await using client = await ClientStage.active(server.url);
    const session = await HandSession.begin(await server.connection(1));
    session.acknowledges = acknowledges;
    await client.event("connected");
    session.send(bytes("not acknowledged yet"));
    await until(() => client.all("rejected").length === 1, "the frame being read");
    for (let n = 0; n < 5; n++) await client.say(`${n}`);
    await client.deactivate();
    const { connection } = session;
    expect(await client.event("disconnected")).toMatchObject({ code: 1000, clean: true, unacknowledged });
    expect(await connection.gone()).toMatchObject({ code: 1000 });
    expect(textsIn(session.taken)).toEqual(["0", "1", "2", "3", "4"]);
    expect(connection.story.at(-1)).toBe("bye");
    expect(connection.acks.at(-1)).toBe(1);
    expect(connection.controls.at(-1)).toEqual({ t: "bye" });
    expect(client.story).toEqual(["connected", "disconnected"]);
  },
);

it("a bye of the server and its close end the session in good order", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  session.connection.say({ t: "bye" });
  session.connection.close(1000, "done");
  expect(await client.event("disconnected")).toMatchObject({ code: 1000, reason: "done", clean: true });
  await until(() => !client.proxy.active, "the proxy being inactive");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(server.upgrades).toHaveLength(1);
  expect(client.story).toEqual(["connected", "disconnected"]);
});

it("activating twice is one connection, at first and while interrupted", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.ready(server.url, { link: promptly });
  await Promise.all([client.activate(), client.activate()]);
  await client.activate();
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  await client.activate();
  session.connection.cut();
  await client.event("interrupted");
  await client.activate();
  await session.resume(await server.connection(2));
  await client.event("resumed");
  await session.connection.roundTrip();
  expect(server.upgrades).toHaveLength(2);
  expect(client.story).toEqual(["connected", "interrupted", "resumed"]);
});

it("deactivated and activated again, it begins a new session", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const old = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  await client.deactivate();
  await old.connection.gone();
  await client.activate();
  const connection = await server.connection(2);
  expect(await connection.control("hello")).toEqual({ t: "hello", v: 1, sid: null, received: 0 });
  await HandSession.begin(connection);
  await client.event("connected", 2);
});

it("deactivated at the mark, it hands over what waits before it says bye", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: { maxQueuedFrames: 4, closeTimeoutMs: 5_000 } });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  for (let n = 1; n <= 10; n++) await client.say(`${n}`);
  await client.event("slow");
  await client.deactivate();
  session.acknowledges = true;
  session.acknowledge();
  expect(await session.connection.gone()).toMatchObject({ code: 1000 });
  expect(textsIn(session.taken)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  expect(session.connection.story.at(-1)).toBe("bye");
  expect(await client.event("disconnected")).toMatchObject({ clean: true, unacknowledged: 0 });
});
