import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import { dial as dialNode } from "../../src/proxy/dial.node.ts";
import { dialing as dialingWeb } from "../../src/proxy/dial.web.ts";
import type { NetworkDial } from "../../src/proxy/dial-options.ts";
import { linkSocketFrom } from "../../src/proxy/socket.ts";
import { StandardWebSocket } from "./dial-stage.ts";
import { bytes, Observed, Peer } from "./link-harness.ts";

const dialWeb: NetworkDial = (url, options) => dialingWeb()(url, options);

let peer: Peer;
beforeEach(async () => {
  vi.stubGlobal("WebSocket", StandardWebSocket);
  peer = await Peer.listen();
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await peer.close();
});

describe.each([
  ["node", dialNode],
  ["web", dialWeb],
])("dial.%s", (platform, dial) => {
  it("opens a socket that a link can use, both ways", async () => {
    const observed = new Observed({ dial: (signal) => dial(peer.url, { signal }) });
    observed.link.open();
    const websocket = await peer.next();
    await observed.untilOpen();
    const heard = once(websocket, "message");
    await observed.link.send(bytes("up"));
    expect(String((await heard)[0])).toBe("up");
    websocket.send("text");
    websocket.send(bytes("binary"));
    await observed.until(() => observed.messages.length === 2);
    expect(observed.texts).toEqual(["text", "binary"]);
    websocket.close(4000, "bye");
    await observed.link.closed;
    expect(observed.endings).toMatchObject([{ code: 4000, reason: "bye", clean: true }]);
  });

  it("can be cut at once", async () => {
    const observed = new Observed({ dial: (signal) => dial(peer.url, { signal }) });
    observed.link.open();
    const closed = once(await peer.next(), "close");
    await observed.untilOpen();
    observed.link.terminate();
    expect(observed.endings).toMatchObject([{ code: 1006, clean: false }]);
    await closed;
  });

  it("agrees on a subprotocol", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "b" });
    await once(server, "listening");
    const socket = await dial(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { protocols: ["a", "b"] });
    expect(socket.protocol).toBe("b");
    socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  it("says in one sentence that nothing listens", async () => {
    const error = await dial("ws://127.0.0.1:1/ws?token=secret").catch((error) => error);
    expect(error).toMatchObject({ code: "TL_CONNECT_FAILED" });
    expect(error.message).toContain("ws://127.0.0.1:1/ws");
    expect(error.message).not.toContain("secret");
    if (platform === "node") expect(error.message).toContain("connection refused");
  });

  it.each(["not a url", "http://127.0.0.1/ws", "", "ws://"])("refuses the URL %j", async (url) => {
    await expect(dial(url)).rejects.toMatchObject({ code: "TL_CONNECT_FAILED", message: expect.stringMatching(/URL/) });
  });

  it("gives up in the middle of the handshake and leaves no socket", async () => {
    const sockets: Socket[] = [];
    const silent = createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume();
      sockets.push(socket);
    }).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const controller = new AbortController();
    const dialed = dial(url, { signal: controller.signal });
    const refused = expect(dialed).rejects.toMatchObject({ code: "TL_CONNECT_FAILED" });
    await vi.waitFor(() => expect(sockets).toHaveLength(1));
    controller.abort();
    await refused;
    await expect(dial(url, { timeoutMs: 30 })).rejects.toMatchObject({ code: "TL_CONNECT_FAILED" });
    await expect(dial(url, { signal: controller.signal })).rejects.toMatchObject({ code: "TL_CONNECT_FAILED" });
    await vi.waitFor(() => expect(sockets.every((socket) => socket.destroyed)).toBe(true));
    silent.close();
    await once(silent, "close");
  });
});

describe("dial.node", () => {
  it("sends headers", async () => {
    const http = createServer().listen(0, "127.0.0.1");
    await once(http, "listening");
    const asked = once(http, "upgrade");
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const refused = expect(dialNode(url, { headers: { authorization: "Bearer x" } })).rejects.toThrow();
    const [request, socket] = await asked;
    expect(request.headers).toMatchObject({ authorization: "Bearer x" });
    expect(request.headers["sec-websocket-extensions"]).toBeUndefined();
    socket.destroy();
    await refused;
    http.close();
  });

  it("K12: says what the server answered instead", async () => {
    const refusing = await Peer.listen({ status: 401 });
    await expect(dialNode(refusing.url)).rejects.toThrowError(/answered 401 Unauthorized instead/);
    await refusing.close();
  });

  it("says why a header cannot be sent", async () => {
    await expect(dialNode(peer.url, { headers: { "x y": "z" } })).rejects.toMatchObject({ code: "TL_CONNECT_FAILED" });
  });
});

describe("dial.web", () => {
  it("refuses headers, which it could only lose", async () => {
    await expect(dialWeb(peer.url, { headers: { authorization: "x" } })).rejects.toMatchObject({
      code: "TL_INVALID_OPTION",
      message: expect.stringContaining("headers"),
    });
    expect(peer.accepted).toEqual([]);
  });
});

describe("linkSocketFrom", () => {
  it.each([undefined, null, "socket", {}, new EventTarget()])("refuses what is no WebSocket: %s", (value) => {
    expect(() => linkSocketFrom(value)).toThrowError(expect.objectContaining({ code: "TL_INVALID_OPTION" }));
  });

  it("refuses a plain TCP connection", () => {
    const tcp = connect({ port: 1, host: "127.0.0.1" }).on("error", () => undefined);
    expect(() => linkSocketFrom(tcp)).toThrowError(/WebSocket/);
    tcp.destroy();
  });
});
