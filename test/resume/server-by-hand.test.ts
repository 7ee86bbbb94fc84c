import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { AgentRunner, BusFrameMessage } from "trunkline";
import { WebSocketProxyServerAgent } from "trunkline/server";
import { describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { until } from "../support/settled.ts";
import { HandClient, HandSocket, resumeProtocol } from "./hand-client.ts";
import { Assistant } from "./server-stage.ts";

interface Endpoint extends AsyncDisposable {
  readonly url: string;
  readonly told: { readonly name: string; readonly data: unknown }[];
  readonly finished: number[];
}

/** A socket that somebody else has accepted, with the agents of the seeds behind it. */
async function endpoint(): Promise<Endpoint> {
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    handleProtocols: (offered) => (offered.has(resumeProtocol) ? resumeProtocol : false),
  });
  const told: Endpoint["told"] = [];
  const finished: number[] = [];
  const sessions: Promise<void>[] = [];
  server.on("connection", (websocket) => {
    const run = async (): Promise<void> => {
      const runner = new AgentRunner({ handleSigint: false });
      const { bus } = runner;
      const proxy = new WebSocketProxyServerAgent("gateway", {
        bus,
        websocket,
        agentName: "assistant",
        remoteAgentName: "acme",
        forwardMessages: [BusFrameMessage],
      });
      for (const name of ["clientConnected", "interrupted", "resumed", "sessionLost"] as const) {
        proxy.on(name, (data: unknown) => void told.push({ name, data }));
      }
      proxy.on("clientDisconnected", async (data) => {
        told.push({ name: "clientDisconnected", data });
        await runner.cancel();
      });
      await runner.addAgent(proxy);
      await runner.addAgent(new Assistant("assistant", { bus }));
      await runner.run();
      finished.push(finished.length);
    };
    sessions.push(run());
  });
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    told,
    finished,
    [Symbol.asyncDispose]: async () => {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, "close");
      await Promise.all(sessions);
    },
  };
}

describe("a session that was written by hand", () => {
  it("speaks the protocol with a window of 0, as nobody there could take a returning client to it", async () => {
    await using there = await endpoint();
    await using client = await HandClient.begin(there.url);
    expect(client.socket.heard[0]).toMatchObject({ t: "welcome", windowMs: 0 });
    await client.hears(({ received }) => received === 1, "the assistant being announced");
    client.say("hello");
    await client.hears(({ acknowledged }) => acknowledged.at(-1) === 1, "the acknowledgement");
    await client.cut();
    await until(() => there.finished.length === 1, "the session being over");
    const names = there.told.map(({ name }) => name).filter((name) => name !== "interrupted");
    expect(names).toEqual(["clientConnected", "sessionLost", "clientDisconnected"]);
    expect(there.told.at(-1)?.data).toMatchObject({ clean: false, lost: "expired" });
    expect(await client.comeBackTooLate()).toMatchObject({ lost: "unknown", windowMs: 0 });
    await client.hears(({ received }) => received === 1, "the new session's assistant being announced");
  });

  it("ends cleanly with a goodbye", async () => {
    await using there = await endpoint();
    await using client = await HandClient.begin(there.url);
    await client.hears(({ received }) => received === 1, "the assistant being announced");
    await client.leave();
    await until(() => there.finished.length === 1, "the session being over");
    expect(there.told.map(({ name }) => name)).toEqual(["clientConnected", "clientDisconnected"]);
    expect(there.told.at(-1)?.data).toMatchObject({ code: 1000, clean: true });
  });

  it("refuses what breaks the rules, as any other", async () => {
    await using there = await endpoint();
    await using early = await HandSocket.open(there.url);
    early.send(new Uint8Array(3));
    expect(await early.ended()).toMatchObject({ code: 4500 });
    await until(() => there.finished.length === 1 || there.told.length === 0, "nobody being connected");
    await using client = await HandClient.begin(there.url);
    client.acknowledge(99);
    expect(await client.socket.ended()).toMatchObject({ code: 4500 });
  });

  it("speaks plainly where the protocol was not agreed on", async () => {
    await using there = await endpoint();
    await using plain = await HandSocket.open(there.url, { protocols: [] });
    await until(() => plain.binaries.length === 1, "the assistant being announced");
    plain.say({ t: "hello", v: 1, sid: null, received: 0 });
    plain.close(1000);
    await until(() => there.finished.length === 1, "the session being over");
    expect(plain.controls).toEqual([]);
    expect(there.told.map(({ name }) => name)).toEqual(["clientConnected", "clientDisconnected"]);
  });
});
