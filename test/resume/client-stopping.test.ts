import { MovableClock } from "trunkline/testing";
import { expect, it } from "vitest";
import type { Link } from "../../src/proxy/link/index.ts";
import { turns, until } from "../support/settled.ts";
import { LinkClient, networkDial, promptly } from "./client-link.ts";
import { ScriptedLink } from "./client-socket.ts";
import { ClientStage } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { answering, HandSession } from "./hand-session.ts";

interface Stop {
  readonly name: string;
  stop(client: ClientStage): Promise<void>;
}

const stops: readonly Stop[] = [
  { name: "deactivated", stop: (client) => client.deactivate() },
  { name: "stopped with its runner", stop: (client) => client.running[Symbol.asyncDispose]() },
];

interface Moment {
  readonly name: string;
  readonly connected: boolean;
  reach(server: HandServer, client: ClientStage, clock: MovableClock): Promise<void>;
}

async function interrupted(server: HandServer, client: ClientStage): Promise<HandSession> {
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  await until(() => session.taken.length === 1, "the announcement");
  return session;
}

const moments: readonly Moment[] = [
  {
    name: "while dialing",
    connected: false,
    async reach(server, client) {
      server.holds = true;
      await client.activate();
      await server.upgrade(1);
    },
  },
  {
    name: "while waiting to dial again",
    connected: false,
    async reach(server, client) {
      server.refuses = 503;
      await client.activate();
      await client.event("connectFailed");
    },
  },
  {
    name: "while waiting for the welcome",
    connected: false,
    async reach(server, client) {
      await client.activate();
      await (await server.connection(1)).control("hello");
    },
  },
  {
    name: "while interrupted, before the next dial",
    connected: true,
    async reach(server, client) {
      await client.activate();
      (await interrupted(server, client)).connection.cut();
      await client.event("interrupted");
    },
  },
  {
    name: "while interrupted and dialing",
    connected: true,
    async reach(server, client, clock) {
      await client.activate();
      const { connection } = await interrupted(server, client);
      server.holds = true;
      connection.cut();
      await client.event("interrupted");
      clock.advance(1_100);
      await server.upgrade(2);
    },
  },
  {
    name: "while waiting for resumed",
    connected: true,
    async reach(server, client, clock) {
      await client.activate();
      const { connection } = await interrupted(server, client);
      connection.cut();
      await client.event("interrupted");
      clock.advance(1_100);
      await (await server.connection(2)).control("hello");
    },
  },
];

it.for(moments.flatMap((moment) => stops.map((stop) => [stop.name, moment.name, stop, moment] as const)))(
  "trap 16: %s %s leaves neither timer nor socket",
  async ([, , stop, moment]) => {
    await using server = await HandServer.listen();
    const clock = new MovableClock();
    await using client = await ClientStage.ready(server.url, { link: { clock, random: () => 0 } });
    await moment.reach(server, client, clock);
    const upgrades = server.upgrades.length;
    await stop.stop(client);
    await until(() => clock.pending === 0, "no timer being left");
    await until(() => server.live === 0, "no socket being left");
    clock.advance(600_000);
    await turns();
    expect(server.upgrades).toHaveLength(upgrades);
    expect(client.all("connected")).toHaveLength(moment.connected ? 1 : 0);
    expect(client.all("disconnected")).toHaveLength(moment.connected ? 1 : 0);
    expect(client.all("resumed")).toEqual([]);
    expect(client.running.errors).toEqual([]);
  },
);

it.for([
  ["close", (link: Link): Promise<void> => link.close()],
  ["terminate", async (link: Link): Promise<void> => link.terminate()],
] as const)("trap 16: a socket that a dial brings after the %s of the link is cut", async ([, end]) => {
  await using server = await HandServer.listen();
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const dial = networkDial(server.url);
  const clock = new MovableClock();
  await using client = LinkClient.opened(
    async () => {
      const socket = await dial(new AbortController().signal, "offer");
      await gate;
      return socket;
    },
    { clock },
  );
  const connection = await server.connection(1);
  await end(client.link);
  await client.link.closed;
  go();
  await connection.gone();
  expect(connection.story).toEqual([]);
  expect(clock.pending).toBe(0);
});

it.for([
  ["close", (link: Link): void => void link.close()],
  ["terminate", (link: Link): void => link.terminate()],
] as const)("trap 16: a socket whose welcome has come right before the %s is cut", async ([, end]) => {
  const clock = new MovableClock();
  await using client = new ScriptedLink({ clock });
  client.link.open();
  const socket = await client.greeted(1);
  socket.welcome();
  end(client.link);
  await until(() => socket.terminated > 0, "the end of the socket");
  expect(clock.pending).toBe(0);
  expect(client.story).toEqual(["closed"]);
});

const handlers = {
  deactivated: (client: ClientStage) => void client.deactivate(),
  "stopped with its runner": (client: ClientStage) => void client.running.runner.cancel("enough"),
} as const;

it.for(
  Object.entries(handlers).flatMap(([name, act]) =>
    (["sessionLost", "disconnected"] as const).map((event) => [name, event, act] as const),
  ),
)("trap 16: %s when it hears of %s, it keeps nothing of the session that has begun", async ([, event, act]) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  client.proxy.on(event, () => act(client));
  session.connection.cut();
  await HandSession.begin(await server.connection(2), { lost: "unknown" });
  await client.event("disconnected");
  await until(() => server.live === 0, "no socket being left");
  await until(() => client.all("connected").length === client.all("disconnected").length, "both ends being told");
  expect(server.upgrades).toHaveLength(2);
  expect(client.all("sessionLost")).toHaveLength(1);
});

it.for(
  Object.entries(handlers).flatMap(([name, act]) =>
    (["connected", "interrupted", "resumed"] as const).map((event) => [name, event, act] as const),
  ),
)("trap 16: %s when it hears of %s, it keeps nothing of its session", async ([, event, act]) => {
  await using server = await HandServer.listen();
  const sessions = answering(server);
  await using client = await ClientStage.ready(server.url, { link: { backoff: { minMs: 100, spreadMs: 0 } } });
  client.proxy.on(event, () => act(client));
  await client.activate();
  await until(() => sessions.length === 1, "the session");
  if (event !== "connected") {
    await client.event("connected");
    sessions[0]?.connection.cut();
  }
  await client.event("disconnected");
  await until(() => server.live === 0, "no socket being left");
  const upgrades = server.upgrades.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(server.upgrades).toHaveLength(upgrades);
  expect(client.all("disconnected")).toHaveLength(1);
  expect(client.all("sessionLost")).toEqual([]);
});

it.for([
  ["lost", 2],
  ["refused", 2],
] as const)("activated again when it hears that its session was %s, it has one connection", async ([how, expected]) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  client.proxy.on("disconnected", () => void client.activate());
  if (how === "refused") session.connection.close(4500);
  else session.connection.cut();
  const connection = await server.connection(2);
  await HandSession.begin(connection, how === "lost" ? { lost: "unknown" } : {});
  await client.event("connected", 2);
  await connection.roundTrip();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(server.upgrades).toHaveLength(expected);
  expect(server.live).toBe(1);
  expect(client.proxy.active).toBe(true);
});
