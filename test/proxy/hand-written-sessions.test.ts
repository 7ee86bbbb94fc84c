import { once } from "node:events";
import type { AddressInfo } from "node:net";
import fastifyWebsocket from "@fastify/websocket";
import fastify from "fastify";
import { AgentRunner, BusFrameMessage, type DisconnectedData } from "trunkline";
import { WebSocketProxyServerAgent } from "trunkline/server";
import { describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { until } from "../support/settled.ts";
import { Assistant, RemoteClient } from "./remote-client.ts";

/** What the sessions told, in order. */
class Diary {
  readonly connected: unknown[] = [];
  readonly disconnected: DisconnectedData[] = [];
  readonly finished: string[] = [];
  readonly errors: unknown[] = [];
}

/** The endpoint of the seeds, in TypeScript dress. */
async function session(websocket: unknown, diary: Diary): Promise<void> {
  const runner = new AgentRunner({ handleSigint: false });
  runner.on("error", (error) => void diary.errors.push(error));
  const proxy = new WebSocketProxyServerAgent("gateway", {
    bus: runner.bus,
    websocket,
    agentName: "assistant",
    remoteAgentName: "acme",
    forwardMessages: [BusFrameMessage],
  });
  proxy.on("clientConnected", (client) => void diary.connected.push(client));
  proxy.on("clientDisconnected", async (data) => {
    diary.disconnected.push(data);
    await runner.cancel();
  });
  const assistant = new Assistant("assistant", { bus: runner.bus, bridged: true, active: true });
  await runner.addAgent(proxy);
  await runner.addAgent(assistant);
  await runner.run();
  diary.finished.push(runner.name);
}

interface Endpoint extends AsyncDisposable {
  readonly url: string;
}

async function overWs(diary: Diary): Promise<Endpoint> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", path: "/ws" });
  const sessions: Promise<void>[] = [];
  server.on("connection", (websocket) => sessions.push(session(websocket, diary)));
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
      await Promise.all(sessions);
    },
  };
}

async function overFastify(diary: Diary): Promise<Endpoint> {
  const app = fastify();
  await app.register(fastifyWebsocket);
  const sessions: Promise<void>[] = [];
  app.get("/ws", { websocket: true }, (websocket) => {
    sessions.push(session(websocket, diary));
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return {
    url: `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`,
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await Promise.all(sessions);
    },
  };
}

describe.each([
  ["ws", overWs],
  ["@fastify/websocket", overFastify],
] as const)("hand-written sessions over %s", (_name, open) => {
  it("carry frames and tasks, two clients at a time, each on a bus of its own", async () => {
    const diary = new Diary();
    await using endpoint = await open(diary);
    await using one = await RemoteClient.connected(endpoint.url);
    await using two = await RemoteClient.connected(endpoint.url);
    expect(await Promise.all([one.echo("hello"), two.echo("good day")])).toEqual(["hello", "good day"]);
    expect(await Promise.all([one.double(3), two.double(4)])).toEqual([6, 8]);
    expect(diary.connected).toHaveLength(2);
    expect(diary.errors).toEqual([]);
    await one.leave();
    await two.leave();
  });

  it("K10, K11: a clean close is told once, and ends the runner", async () => {
    const diary = new Diary();
    await using endpoint = await open(diary);
    await using client = await RemoteClient.connected(endpoint.url);
    expect(await client.double(1)).toBe(2);
    await client.leave();
    await until(() => diary.finished.length === 1, "the runner having ended");
    expect(diary.disconnected).toMatchObject([{ code: 1000, clean: true }]);
    expect(client.disconnected).toHaveLength(1);
    expect([...diary.errors, ...client.errors]).toEqual([]);
  });

  it("K10, K11: an abrupt close is told once, and ends the runner", async () => {
    const diary = new Diary();
    await using endpoint = await open(diary);
    await using client = await RemoteClient.connected(endpoint.url);
    expect(await client.echo("hello")).toBe("hello");
    client.cut();
    await until(() => diary.finished.length === 1, "the runner having ended");
    expect(diary.disconnected).toMatchObject([{ code: 1006, clean: false }]);
    expect([...diary.errors, ...client.errors]).toEqual([]);
  });

  it("a client that connects again gets a new session", async () => {
    const diary = new Diary();
    await using endpoint = await open(diary);
    await using client = await RemoteClient.connected(endpoint.url);
    await client.leave();
    await client.connect();
    expect(await client.double(5)).toBe(10);
    await until(() => diary.finished.length === 1);
    expect(diary.connected).toHaveLength(2);
    client.cut();
    await until(() => diary.finished.length === 2);
    expect(new Set(diary.finished).size).toBe(2);
  });
});
