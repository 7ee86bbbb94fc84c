import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AgentServer, type AgentSession, serveAgents } from "trunkline/server";
import { describe, expect, it } from "vitest";
import { leftOpenAfter, openHandles } from "../setup/open-handles.ts";
import { collected, type Growth, growthOf } from "../soak/growth.ts";
import { Traces } from "../soak/traces.ts";
import { until } from "../support/settled.ts";
import { assistantSession, RemoteClient } from "./remote-client.ts";

const warmUpSessions = 60;
const measuredSessions = 100;
/**
 * Objects are counted, and none may be left. The bytes are there for what is no object, text and buffers; beside these
 * the engine still compiles functions (a quarter of a megabyte in a hundred sessions, twice that for `--coverage`),
 * which ends in one of the windows that are measured.
 */
const flat: Pick<Growth, "bytes" | "objects"> = { bytes: 5_000, objects: 0.05 };

class Counted {
  readonly runners = new Traces();
  current: AgentSession | undefined;

  readonly setup = async (session: AgentSession): Promise<void> => {
    this.runners.see("runner", session.runner);
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
    timeout: 120_000,
  }, async () => {
    const counted = new Counted();
    await using listener = await listening();
    const { http } = listener;
    await using server = await serveAgents({ server: http, link: { windowMs: 0 } }, counted.setup);
    const errors: unknown[] = [];
    server.on("error", ({ error }) => void errors.push(error));
    await using client = await RemoteClient.connected(server.url);
    await client.leave();
    await until(() => server.sessionCount === 0);
    const sessions = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index++) await oneSession(client, server, counted, index);
      client.disconnected.length = 0;
      client.interrupted.length = 0;
    };
    await sessions(0, warmUpSessions);

    const handlesBefore = openHandles();
    const listenersBefore = [listenerCounts(http), listenerCounts(process)];
    const subscribersBefore = subscribers(client);
    const growth = await growthOf({ warmUp: 0, measured: measuredSessions, samples: 5, flat, work: sessions });

    expect(server.sessionCount).toBe(0);
    expect(await leftOpenAfter(handlesBefore, 2_000)).toEqual([]);
    expect([listenerCounts(http), listenerCounts(process)]).toEqual(listenersBefore);
    expect(subscribers(client)).toEqual(subscribersBefore);
    expect(growth.bytes, "bytes that each session leaves behind").toBeLessThanOrEqual(flat.bytes);
    expect(growth.objects, "objects that each session leaves behind").toBeLessThanOrEqual(flat.objects);
    await collected();
    // The engine may hold on to the last one.
    expect(counted.runners.alive(1)).toEqual({});
    expect([...errors, ...client.errors]).toEqual([]);
    await server.close();
    expect(http.listenerCount("upgrade")).toBe(0);
  });
});
