import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type AgentServer, type AgentSession, serveAgents } from "trunkline/server";
import { describe, expect, it } from "vitest";
import { leftOpenAfter, openHandles } from "../setup/open-handles.ts";
import { turns, until } from "../support/settled.ts";
import { assistantSession, RemoteClient } from "./remote-client.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const warmUpSessions = 50;
const measuredSessions = 100;
// The engine's own: compiled code grows for a while. One session that is kept weighs far more than a hundredth of it.
const allowedGrowthBytes = 1_500_000;

class Counted {
  readonly runners: WeakRef<object>[] = [];
  current: AgentSession | undefined;

  readonly setup = async (session: AgentSession): Promise<void> => {
    this.runners.push(new WeakRef(session.runner));
    this.current = session;
    await assistantSession(session);
  };
}

/** One session from its connection to its end; the ends take turns. */
async function oneSession(client: RemoteClient, server: AgentServer, counted: Counted, index: number): Promise<void> {
  const ended = client.disconnected.length + 1;
  await client.connect();
  expect(await client.double(index)).toBe(index * 2);
  expect(await client.echo(`frame ${index}`)).toBe(`frame ${index}`);
  if (index % 3 === 0) await client.acme.deactivateAgent("proxy");
  else if (index % 3 === 1) client.cut();
  else await counted.current?.runner.end("that is all");
  await until(() => client.disconnected.length === ended && server.sessionCount === 0, "the session being over");
  await until(() => !client.proxy.active && !client.runner.registry.has("assistant"), "the client having seen it");
  counted.current = undefined;
}

/** Collected garbage can make more of it, through finalizers. */
async function heapBytes(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    await turns(10);
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

const listenerCounts = (emitter: NodeJS.EventEmitter): Record<string, number> =>
  Object.fromEntries(emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]));

const subscribers = ({ runner }: RemoteClient): string[] => runner.bus.subscriptions.map(({ name }) => name).sort();

async function listening(): Promise<{ http: Server } & AsyncDisposable> {
  const http = createServer();
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    http,
    [Symbol.asyncDispose]: async () => {
      http.close();
      await once(http, "close");
    },
  };
}

describe("sessions one after the other", () => {
  it("K37, K33: a hundred of them leave no timer, socket, listener, subscription or memory behind", {
    timeout: 60_000,
  }, async () => {
    const counted = new Counted();
    await using listener = await listening();
    const { http } = listener;
    await using server = await serveAgents({ server: http }, counted.setup);
    const errors: unknown[] = [];
    server.on("error", ({ error }) => void errors.push(error));
    await using client = await RemoteClient.connected(server.url);
    await client.leave();
    await until(() => server.sessionCount === 0);
    for (let index = 0; index < warmUpSessions; index++) await oneSession(client, server, counted, index);
    client.disconnected.length = 0;

    const handlesBefore = openHandles();
    const listenersBefore = [listenerCounts(http), listenerCounts(process)];
    const subscribersBefore = subscribers(client);
    const heapBefore = await heapBytes();
    for (let index = 0; index < measuredSessions; index++) await oneSession(client, server, counted, index);

    expect(server.sessionCount).toBe(0);
    expect(await leftOpenAfter(handlesBefore, 2_000)).toEqual([]);
    expect([listenerCounts(http), listenerCounts(process)]).toEqual(listenersBefore);
    expect(subscribers(client)).toEqual(subscribersBefore);
    client.disconnected.length = 0;
    expect((await heapBytes()) - heapBefore).toBeLessThan(allowedGrowthBytes);
    expect(counted.runners).toHaveLength(1 + warmUpSessions + measuredSessions);
    const alive = counted.runners.filter((runner) => runner.deref() !== undefined);
    // The engine may hold on to the last one.
    expect(alive.length).toBeLessThanOrEqual(1);
    expect([...errors, ...client.errors]).toEqual([]);
    await server.close();
    expect(http.listenerCount("upgrade")).toBe(0);
  });
});
