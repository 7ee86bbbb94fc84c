import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bytes, clientLink, connected, Peer, serverLink, tcpOf } from "./link-harness.ts";

let peer: Peer;
beforeEach(async () => {
  peer = await Peer.listen();
});
afterEach(() => peer.close());

describe("messages", () => {
  it("moves them both ways, in order", async () => {
    const { client, server } = await connected(peer);
    for (let i = 0; i < 500; i++) {
      await client.link.send(bytes(`up ${i}`));
      await server.link.send(bytes(`down ${i}`));
    }
    await client.until(() => client.messages.length === 500);
    await server.until(() => server.messages.length === 500);
    expect(server.texts).toEqual(Array.from({ length: 500 }, (_, i) => `up ${i}`));
    expect(client.texts).toEqual(Array.from({ length: 500 }, (_, i) => `down ${i}`));
    expect(client.link.counters).toMatchObject({
      framesOut: 500,
      framesIn: 500,
      bytesIn: server.link.counters.bytesOut,
    });
    await client.link.close();
  });

  it("K14: keeps those from before the connection and sends them in order", async () => {
    const client = clientLink(peer.url);
    const early = [client.link.send(bytes("0")), client.link.send(bytes("1"))];
    client.link.open();
    early.push(client.link.send(bytes("2")));
    const server = serverLink(await peer.next());
    server.link.open();
    await Promise.all(early);
    await client.link.send(bytes("3"));
    await server.until(() => server.messages.length === 4);
    expect(server.texts).toEqual(["0", "1", "2", "3"]);
    await client.link.close();
  });

  it("K14: tells the sender when too many wait for the connection", async () => {
    const { link } = clientLink(peer.url, { maxQueuedFrames: 2 });
    const kept = [link.send(bytes("a")), link.send(bytes("b"))].map((sent) => sent.catch((error) => error.code));
    await expect(link.send(bytes("c"))).rejects.toMatchObject({ code: "TL_LINK_FULL" });
    expect(link.counters.rejectedOutboundFull).toBe(1);
    await link.close();
    expect(await Promise.all(kept)).toEqual(["TL_CONNECTION_LOST", "TL_CONNECTION_LOST"]);
  });

  it("counts bytes too where messages wait", async () => {
    const { link } = clientLink(peer.url, { maxQueuedBytes: 100 });
    const kept = link.send(new Uint8Array(60)).catch((error) => error.code);
    await expect(link.send(new Uint8Array(60))).rejects.toMatchObject({ code: "TL_LINK_FULL" });
    await link.close();
    expect(await kept).toBe("TL_CONNECTION_LOST");
  });

  it("K18: takes a text frame for a message", async () => {
    const raw = clientLink(peer.url);
    raw.link.open();
    const websocket = await peer.next();
    websocket.send("grüße");
    websocket.send(Buffer.from("binary"));
    await raw.until(() => raw.messages.length === 2);
    expect(raw.texts).toEqual(["grüße", "binary"]);
    expect(raw.link.counters).toMatchObject({ textFramesIn: 1, framesIn: 2 });
    await raw.link.close();
  });

  it("holds what a peer says before the link is opened", async () => {
    const client = clientLink(peer.url);
    client.link.open();
    const server = serverLink(await peer.next());
    await client.untilOpen();
    for (let i = 0; i < 10; i++) await client.link.send(bytes(String(i)));
    expect(server.messages).toEqual([]);
    server.link.open();
    await server.until(() => server.messages.length === 10);
    expect(server.texts.join("")).toBe("0123456789");
    expect(server.log[0]).toBe("open");
    await client.link.close();
  });

  it("K18: a listener that throws is reported and ends nothing", async () => {
    const { client, server } = await connected(peer);
    server.messages.push = () => {
      throw new Error("a fault of the proxy");
    };
    await client.link.send(bytes("a"));
    await client.link.send(bytes("b"));
    await server.until(() => server.faults.length === 2);
    expect(server.faults[0]).toMatchObject({ code: "TL_HANDLER_FAILED" });
    expect(server.link.state).toBe("open");
    await client.link.close();
  });
});

describe("size", () => {
  it("K22: an outbound message above the limit fails alone", async () => {
    const { client, server } = await connected(peer);
    await expect(client.link.send(new Uint8Array(1_048_577))).rejects.toMatchObject({ code: "TL_MESSAGE_TOO_LARGE" });
    await client.link.send(new Uint8Array(1_048_576));
    await server.until(() => server.messages.length === 1);
    expect(client.link.counters.rejectedOutboundSize).toBe(1);
    await client.link.close();
  });

  it("K22: an inbound message above the limit is dropped and counted; the link lives", async () => {
    const client = clientLink(peer.url);
    client.link.open();
    const websocket = await peer.next();
    websocket.send(new Uint8Array(1_048_577));
    websocket.send("after");
    await client.until(() => client.messages.length === 1);
    expect(client.oversize).toEqual([1_048_577]);
    expect(client.link.counters.rejectedInboundSize).toBe(1);
    expect(client.texts).toEqual(["after"]);
    await client.link.close();
  });

  it("ends with 1009 only when a frame is above what the socket itself takes", async () => {
    const client = clientLink(peer.url, { maxFrameBytes: 1_000 });
    client.link.open();
    const websocket = await peer.next();
    const closed = once(websocket, "close");
    websocket.send(new Uint8Array(10_000));
    expect((await closed)[0]).toBe(1009);
    await client.link.closed;
    expect(client.endings).toMatchObject([{ clean: false, error: { code: "TL_CONNECTION_LOST" } }]);
    expect(client.endings[0]?.error?.message).toMatch(/payload/i);
  });
});

describe("the end", () => {
  it("K10: a clean close is reported on both sides, once, with code and reason", async () => {
    const { client, server } = await connected(peer);
    await server.link.close(4000, "enough");
    await client.link.closed;
    const ending = { code: 4000, reason: "enough", clean: true, opened: true, error: undefined, unacknowledged: 0 };
    expect(client.endings).toEqual([ending]);
    expect(server.endings).toEqual([ending]);
    await client.link.close();
    client.link.terminate();
    expect(client.endings).toHaveLength(1);
  });

  it("K11: an abrupt close is reported once", async () => {
    const client = clientLink(peer.url);
    client.link.open();
    const websocket = await peer.next();
    await client.untilOpen();
    websocket.terminate();
    await client.link.closed;
    expect(client.endings).toMatchObject([
      { code: 1006, clean: false, opened: true, error: { code: "TL_CONNECTION_LOST" } },
    ]);
    await expect(client.link.send(bytes("late"))).rejects.toMatchObject({ code: "TL_CONNECTION_LOST" });
  });

  it("K11: a reset below the WebSocket is reported once", async () => {
    const other = clientLink(peer.url);
    other.link.open();
    const raw = await peer.next();
    await other.untilOpen();
    tcpOf(raw).resetAndDestroy();
    await other.link.closed;
    expect(other.endings).toHaveLength(1);
    expect(other.endings[0]).toMatchObject({ code: 1006, clean: false });
  });

  it("hands over what waits before it closes", async () => {
    const client = clientLink(peer.url);
    client.link.open();
    const server = serverLink(await peer.next(), {});
    server.link.open();
    await client.untilOpen();
    const sent = Array.from({ length: 1_000 }, (_, i) => client.link.send(bytes(String(i))));
    await client.link.close();
    await Promise.all(sent);
    await server.link.closed;
    expect(server.texts).toEqual(Array.from({ length: 1_000 }, (_, i) => String(i)));
    expect(server.endings).toMatchObject([{ code: 1000, clean: true }]);
  });

  it("cuts a peer that does not answer the close", async () => {
    const client = clientLink(peer.url, { closeTimeoutMs: 50 });
    client.link.open();
    const websocket = await peer.next();
    await client.untilOpen();
    tcpOf(websocket).pause();
    await client.link.close();
    expect(client.endings).toMatchObject([{ code: 1006, clean: false }]);
  });

  it("terminates at once, also for a peer that does not read", async () => {
    const client = clientLink(peer.url);
    client.link.open();
    const websocket = await peer.next();
    await client.untilOpen();
    tcpOf(websocket).pause();
    client.link.terminate("test");
    expect(client.endings).toMatchObject([{ code: 1006, reason: "test", clean: false }]);
    tcpOf(websocket).resume();
    await once(websocket, "close");
  });

  it("can be closed before it was opened", async () => {
    const raw = clientLink(peer.url);
    raw.link.open();
    const server = serverLink(await peer.next());
    await server.link.close(1000, "not wanted");
    await raw.link.closed;
    expect(server.log).toEqual(["closed"]);
    expect(server.endings).toMatchObject([{ opened: false, clean: true }]);
    expect(raw.endings).toMatchObject([{ code: 1000, reason: "not wanted" }]);
  });

  it("hears of a socket that ended before the link was opened", async () => {
    const client = clientLink(peer.url);
    client.link.open();
    const websocket = await peer.next();
    await client.untilOpen();
    await client.link.close();
    if (websocket.readyState !== websocket.CLOSED) await once(websocket, "close");
    const server = serverLink(websocket);
    server.link.open();
    expect(server.log).toEqual(["open", "closed"]);
  });

  it("takes a close reason that is longer than a frame has room for", async () => {
    const { client, server } = await connected(peer);
    await server.link.close(4001, "ü".repeat(100));
    await client.link.closed;
    expect(client.endings[0]?.reason).toBe("ü".repeat(61));
  });
});
