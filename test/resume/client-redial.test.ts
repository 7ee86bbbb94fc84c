import { MovableClock } from "trunkline/testing";
import { expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";
import { LinkClient, promptly } from "./client-link.ts";
import { ClientStage } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

/** How long the clock has to move, in steps of a millisecond, until there is another dial. */
async function waitBefore(clock: MovableClock, client: LinkClient): Promise<number> {
  const { dials } = client;
  await turns();
  for (let ms = 1; ms <= 40_000; ms++) {
    clock.advance(1);
    if (client.dials > dials) return ms;
  }
  throw new Error("Nobody dialed.");
}

const half = { random: () => 0.5, backoff: { minMs: 10, spreadMs: 100, maxSpreadMs: 1_000, stableMs: 5_000 } };

it("each wait is minMs and a random part of spreadMs, doubled with every failure up to maxSpreadMs", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { ...half, clock });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("open");
  server.refuses = 503;
  session.connection.cut();
  await client.event("interrupted");
  const waits: number[] = [];
  for (let n = 2; n <= 8; n++) {
    waits.push(await waitBefore(clock, client));
    await client.event("connectFailed", n - 1);
  }
  expect(waits).toEqual([60, 110, 210, 410, 510, 510, 510]);
});

it("the defaults are 100 ms and 1 s, 2 s, 4 s …", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { random: () => 0.5, clock });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("open");
  server.refuses = 503;
  session.connection.cut();
  await client.event("interrupted");
  const waits: number[] = [];
  for (let n = 2; n <= 4; n++) {
    waits.push(await waitBefore(clock, client));
    await client.event("connectFailed", n - 1);
  }
  expect(waits).toEqual([600, 1_100, 2_100]);
});

it.for([
  ["less than stableMs goes on where it was", 4_900, 210],
  ["stableMs begins anew", 5_000, 60],
] as const)("after a connection of %s", async ([, stableForMs, expected]) => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { ...half, clock });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("open");
  clock.advance(6_000);
  server.refuses = 503;
  session.connection.cut();
  await client.event("interrupted");
  expect(await waitBefore(clock, client)).toBe(60);
  await client.event("connectFailed");
  server.refuses = undefined;
  expect(await waitBefore(clock, client)).toBe(110);
  await session.resume(await server.connection(2));
  await client.event("resumed");
  clock.advance(stableForMs);
  session.connection.cut();
  await client.event("interrupted", 2);
  expect(await waitBefore(clock, client)).toBe(expected);
  await session.resume(await server.connection(3));
  await client.event("resumed", 2);
});

it.for([
  [0, 700],
  [0.5, 800],
  [1, 900],
] as const)("away: the window it names wins over the backoff (random: %s)", async ([random, expected]) => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { ...half, random: () => random, clock });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("open");
  session.connection.say({ t: "away", retryMs: [700, 900] });
  session.connection.close(1012, "restarting");
  await client.event("interrupted");
  expect(await waitBefore(clock, client)).toBe(expected);
  await session.resume(await server.connection(2));
  await client.event("resumed");
  // It was for that one time.
  clock.advance(6_000);
  session.connection.cut();
  await client.event("interrupted", 2);
  expect(await waitBefore(clock, client)).toBe(10 + 100 * random);
});

it("url and headers are asked again at every dial, also for resumes and after failures", async () => {
  await using server = await HandServer.listen();
  const asked = { url: 0, headers: 0 };
  await using client = await ClientStage.active(server.url, {
    link: promptly,
    url: async () => `${server.url}?ticket=${++asked.url}`,
    headers: async () => ({ "x-ticket": `${++asked.headers}` }),
  });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  server.refuses = 503;
  session.connection.cut();
  await server.upgrade(3);
  server.refuses = undefined;
  await session.resume(await server.connection(2));
  await client.event("resumed");
  const tickets = server.upgrades.map(({ url, headers }) => `${url} ${headers["x-ticket"]}`);
  expect(tickets).toEqual(tickets.map((_, index) => `/ws?ticket=${index + 1} ${index + 1}`));
  expect(tickets.length).toBeGreaterThanOrEqual(4);
});

it("credentials that cannot be had for a while are a failed attempt, and the session goes on later", async () => {
  await using server = await HandServer.listen();
  let asked = 0;
  const headers = async () => {
    asked += 1;
    if (asked === 2 || asked === 3) throw new Error("the issuer does not answer");
    return { authorization: `Bearer ${asked}` };
  };
  await using client = await ClientStage.active(server.url, { link: promptly, headers });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  session.connection.close(4401, "expired");
  await session.resume(await server.connection(2));
  await client.event("resumed");
  expect(client.all("connectFailed")).toHaveLength(2);
  expect(server.upgrades.at(-1)?.headers.authorization).toBe("Bearer 4");
  expect(client.story).toEqual(["connected", "interrupted", "resumed"]);
});

it("a first connect that fails is reported and tried again", async () => {
  await using server = await HandServer.listen();
  server.refuses = 503;
  await using client = await ClientStage.active(server.url, { link: promptly });
  await client.event("connectFailed", 2);
  expect(client.all("connectFailed")[0]).toMatchObject({ attempt: 1, error: { code: "TL_CONNECT_FAILED" } });
  server.refuses = undefined;
  await HandSession.begin(await server.connection(1));
  await client.event("connected");
  expect(client.story).toEqual(["connected"]);
});

it("one dial at a time, however often the session is cut", async () => {
  await using server = await HandServer.listen();
  const clock = new MovableClock();
  await using client = LinkClient.opened(server.url, { ...half, clock });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("open");
  server.holds = true;
  session.connection.cut();
  await client.event("interrupted");
  await waitBefore(clock, client);
  await server.upgrade(2);
  for (let ms = 0; ms < 9_000; ms += 100) {
    clock.advance(100);
    await turns(1);
    expect(client.dials).toBe(2);
  }
  // The attempt has had its time; the next one begins when its socket is given up.
  clock.advance(2_000);
  await until(() => {
    clock.advance(10);
    return server.upgrades.length === 3;
  }, "the next dial");
  await until(() => server.heldUpgrades === 1, "the end of the one before");
});
