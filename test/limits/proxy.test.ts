import { AgentRunner, BusTaskRequestMessage, JSONMessageSerializer } from "trunkline";
import { WebSocketProxyServerAgent } from "trunkline/server";
import { socketPair } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";
import { Blob, Peer, Slow } from "./peer.ts";

describe("what a peer can make a program keep", () => {
  it("what came in over a link and waits: is refused once too many bytes of it wait, and a request is answered", async () => {
    await using peer = await Peer.joined({ maxWaitingBytes: 1_000_000 });
    peer.slow.hold = true;
    for (let n = 0; n < 12; n++) peer.blob(100_000);
    await until(() => peer.refused.length === 3, "the tenth, the eleventh and the twelfth being refused");
    expect(new Set(peer.refused.map(({ cause }) => cause))).toEqual(new Set(["full"]));
    peer.ask({ taskId: "late", payload: "x".repeat(200_000) });
    expect(await peer.answerTo("late")).toContain('"failed"');
  });

  it("open requests at a proxy: the 16,385th is refused, and its sender is told", async () => {
    await using peer = await Peer.joined();
    for (let n = 0; n < 16_384; n++) peer.ask({ taskId: `t${n}`, taskName: "hang" });
    await until(() => peer.slow.activeTasks.size === 16_384, "all of them being at work", 20_000);
    peer.ask({ taskId: "one more", taskName: "hang" });
    expect(await peer.answerTo("one more")).toContain('"failed"');
    expect(peer.slow.activeTasks.size).toBe(16_384);
    expect(peer.refused).toMatchObject([{ direction: "inbound", cause: "openRequests" }]);
  });

  it("payloads of open requests at a proxy: what would go beyond is refused and answered, until others are done", async () => {
    await using peer = await Peer.joined({ maxWaitingBytes: 1_000_000 });
    for (let n = 0; n < 12; n++) {
      peer.ask({ taskId: `t${n}`, taskName: "hang", payload: "x".repeat(100_000) });
      await until(() => peer.slow.activeTasks.size === Math.min(n + 1, 9), "it being taken");
    }
    expect(await peer.answerTo("t11")).toContain('"failed"');
    expect([...peer.slow.activeTasks.keys()]).toEqual(Array.from({ length: 9 }, (_, n) => `t${n}`));
    for (let n = 0; n < 9; n++) peer.cancel(`t${n}`);
    await until(() => peer.slow.activeTasks.size === 0, "all being cancelled");
    peer.ask({ taskId: "after", taskName: "double", payload: { n: 4, padding: "x".repeat(100_000) } });
    expect(await peer.answerTo("after")).toContain('"completed"');
  });

  it("data lane of a subscriber: a request from outside that finds it full is answered", async () => {
    await using peer = await Peer.joined();
    peer.ask({ taskId: "before", taskName: "double", payload: { n: 1 } });
    expect(await peer.answerTo("before")).toContain('"completed"');
    peer.slow.hold = true;
    // Filled from this side of the link: small messages reach the lane's own limit before that of the bytes.
    await peer.runner.bus.send(new Blob({ source: "here", target: "slow", data: "" }));
    await until(() => peer.slow.heard.some((message) => message instanceof Blob), "the first being in hand");
    for (let n = 0; n < 65_536; n++) void peer.runner.bus.send(new Blob({ source: "here", target: "slow", data: "" }));
    peer.ask({ taskId: "refused", taskName: "double", payload: { n: 1 } });
    expect(await peer.answerTo("refused")).toContain('"failed"');
    expect(peer.refused).toMatchObject([{ direction: "inbound", cause: "full" }]);
    expect(peer.errors).toEqual([]);
  });

  it("cancels that came before their request: a task id longer than 256 characters is refused", async () => {
    await using peer = await Peer.joined();
    peer.cancel("i".repeat(257));
    peer.cancel("i".repeat(256));
    await until(() => peer.cancels.length > 0, "one being let in");
    expect(peer.refused).toMatchObject([{ direction: "inbound", cause: "name" }]);
  });

  it("cancels that came before their request: no more than 1,000 characters of a reason are kept", async () => {
    await using peer = await Peer.joined();
    peer.cancel("t", "because ".repeat(100_000));
    await until(() => peer.cancels.length === 1, "the cancel being let in");
    expect(peer.cancels[0]?.reason).toBe("because ".repeat(125));
  });

  it("what arrives before the proxy is ready: is read up to half of 2,048 frames, waits at the peer, and is not lost", async () => {
    const { client, server } = socketPair();
    const runner = new AgentRunner({ handleSigint: false });
    const { bus } = runner;
    const names = { agentName: "slow", remoteAgentName: "acme" };
    const proxy = new WebSocketProxyServerAgent("gateway", { bus, websocket: server, ...names });
    const request = { source: "acme", target: "slow", payload: { n: 1 }, taskName: "double" };
    const say = (taskId: string) =>
      client.send(new JSONMessageSerializer().serialize(new BusTaskRequestMessage({ ...request, taskId })));
    for (let n = 0; n < 1_024; n++) say(`${n}`);
    await until(() => client.bufferedAmount === 0, "half of what may be held being read");
    for (let n = 1_024; n < 3_000; n++) say(`${n}`);
    await turns(20);
    expect(client.bufferedAmount).toBeGreaterThan(0);
    const answers = new Set<string>();
    client.on("message", (data) => {
      const text = new TextDecoder().decode(data);
      if (text.includes("BusTaskResponse")) answers.add(text);
    });
    const slow = new Slow("slow", { bus });
    for (const agent of [slow, proxy]) await runner.addAgent(agent);
    const run = runner.run();
    await until(() => answers.size === 3_000, "all being answered");
    client.terminate();
    await runner.cancel();
    await run;
  });

  it("a connection in memory: keeps what is not read, and says how much, so that a link waits", async () => {
    const { client, server } = socketPair();
    server.on("message", () => {});
    server.pause();
    for (let n = 0; n < 100; n++) client.send(new Uint8Array(100_000));
    await turns(20);
    expect(client.bufferedAmount).toBe(10_000_000);
    server.resume();
    await until(() => client.bufferedAmount === 0, "all being read");
    client.terminate();
  });
});
