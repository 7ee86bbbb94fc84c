import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { dial as dialNode } from "../../src/proxy/dial.node.ts";
import { dialing as dialingWeb } from "../../src/proxy/dial.web.ts";
import type { LinkSocket } from "../../src/proxy/link/index.ts";
import { linkSocketFrom } from "../../src/proxy/socket.ts";
import { AskedServer, Listener, offered, StandardWebSocket } from "./dial-stage.ts";

const binary = (text: string) => new TextEncoder().encode(text);

let server: AskedServer;
beforeEach(async () => {
  vi.stubGlobal("WebSocket", StandardWebSocket);
  server = await AskedServer.listen();
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await server[Symbol.asyncDispose]();
});

describe.each([
  ["ws", dialNode],
  ["the platform", dialingWeb()],
])("a socket of %s that changes hands", (make, dial) => {
  async function joined(): Promise<{ socket: LinkSocket; peer: WebSocket }> {
    const socket = await dial(server.url);
    return { socket, peer: await accepted() };
  }

  /** Has the peer send so many frames to a socket that nobody listens to, and waits until they are here. */
  async function held(count: number): Promise<{ socket: LinkSocket; peer: WebSocket }> {
    const both = await joined();
    const arrived = vi.fn();
    (both.socket.websocket as WebSocket).addEventListener("message", arrived);
    for (let i = 0; i < count; i++) both.peer.send(binary(`${i}`));
    await vi.waitFor(() => expect(arrived).toHaveBeenCalledTimes(count));
    return both;
  }

  it("holds what arrives in between, and its end, in order", async () => {
    const { socket, peer } = await joined();
    const first = new Listener();
    socket.attach(first);
    peer.send("one");
    await vi.waitFor(() => expect(first.heard).toEqual(["text one"]));
    socket.detach();
    peer.send(binary("two"));
    peer.send("three");
    peer.close(4000, "enough");
    await vi.waitFor(() => expect(socket.writable).toBe(false));
    await vi.waitFor(() => expect(peer.readyState).toBe(3));
    const second = new Listener();
    socket.attach(second);
    await vi.waitFor(() => expect(second.heard).toEqual(["binary two", "text three", "end 4000"]));
    expect(second.endings).toMatchObject([{ code: 4000, reason: "enough" }]);
    expect(first.heard).toEqual(["text one"]);
    // Whoever takes it after its end learns of that as well.
    socket.detach();
    const third = new Listener();
    socket.attach(third);
    expect(third.heard).toEqual(["end 4000"]);
    expect(second.endings).toHaveLength(1);
  });

  it("may do so in the middle of what was held, more than once", async () => {
    const { socket, peer } = await held(6);
    const last = new Listener();
    const second = new Listener((text) => {
      if (text !== "binary 2") return;
      socket.detach();
      socket.attach(last);
      // Not while somebody is still busy with the frame before.
      expect(last.heard).toEqual([]);
    });
    const first = new Listener(() => {
      socket.detach();
      socket.attach(second);
    });
    socket.attach(first);
    peer.send("after");
    await vi.waitFor(() => expect(last.heard).toEqual(["binary 3", "binary 4", "binary 5", "text after"]));
    expect(second.heard).toEqual(["binary 1", "binary 2"]);
    expect(first.heard).toEqual(["binary 0"]);
  });

  it("holds the rest when nobody follows at once", async () => {
    const { socket } = await held(3);
    const first = new Listener(() => socket.detach());
    socket.attach(first);
    expect(first.heard).toEqual(["binary 0"]);
    const second = new Listener();
    socket.attach(second);
    expect(second.heard).toEqual(["binary 1", "binary 2"]);
  });

  it("can be cut in the middle of what was held: the end comes after it", async () => {
    const { socket } = await held(3);
    const listener = new Listener((text) => {
      if (text !== "binary 0") return;
      socket.terminate();
      listener.heard.push("cut");
    });
    socket.attach(listener);
    await vi.waitFor(() => expect(listener.heard).toEqual(["binary 0", "cut", "binary 1", "binary 2", "end 1006"]));
  });

  it("tells nobody of a drain that somebody else asked for", async () => {
    const { socket, peer } = await joined();
    const first = new Listener();
    socket.attach(first);
    socket.requestDrain(0);
    socket.detach();
    const second = new Listener();
    socket.attach(second);
    await answered(socket, peer, second);
    expect([first.drains, second.drains]).toEqual([0, 0]);
    socket.requestDrain(0);
    await vi.waitFor(() => expect(second.drains).toBe(1));
  });

  it("holds no more than its bound", async () => {
    const { socket, peer } = await joined();
    socket.attach(new Listener());
    socket.detach();
    const megabyte = new Uint8Array(1_048_576);
    for (let i = 0; i < 12; i++) peer.send(megabyte);
    const listener = new Listener();
    if (make === "ws") {
      // It reads no further, and the rest waits on the other side.
      await vi.waitFor(() => expect((socket.websocket as WebSocket).isPaused).toBe(true));
      socket.attach(listener);
      await vi.waitFor(() => expect(listener.bytes).toBe(12 * megabyte.byteLength));
      await answered(socket, peer, listener);
      expect(listener.endings).toEqual([]);
    } else {
      // It cannot be told to wait.
      await vi.waitFor(() => expect(socket.writable).toBe(false));
      socket.attach(listener);
      await vi.waitFor(() => expect(listener.endings).toMatchObject([{ code: 1006 }]));
      expect(listener.bytes).toBe(4 * megabyte.byteLength);
    }
  });

  it("counts the messages that have not left, and the bytes of all frames", async () => {
    const { socket, peer } = await joined();
    socket.attach(new Listener());
    peer.pause();
    const size = 65_536;
    // More than any buffer of the system takes.
    for (let i = 0; i < 200; i++) {
      socket.send(new Uint8Array(size));
      socket.send("x".repeat(size));
    }
    expect(socket.bufferedBytes).toBeGreaterThan(200 * size);
    expect(socket.unwrittenFrames).toBeGreaterThan(0);
    expect(socket.unwrittenFrames).toBeLessThanOrEqual(200);
    peer.resume();
    await vi.waitFor(() => expect(socket.bufferedBytes).toBe(0), { timeout: 5_000 });
    expect(socket.unwrittenFrames).toBe(0);
    peer.pause();
    for (let i = 0; i < 200; i++) socket.send("x".repeat(size));
    expect(socket.bufferedBytes).toBeGreaterThan(100 * size);
    expect(socket.unwrittenFrames).toBe(0);
    socket.requestDrain(0);
    peer.resume();
    await vi.waitFor(() => expect(socket.bufferedBytes).toBe(0), { timeout: 5_000 });
  });

  it("drains after text alone", async () => {
    const { socket, peer } = await joined();
    const listener = new Listener();
    socket.attach(listener);
    peer.pause();
    for (let i = 0; i < 400; i++) socket.send("x".repeat(65_536));
    socket.requestDrain(65_536);
    peer.resume();
    await vi.waitFor(() => expect(listener.drains).toBe(1), { timeout: 5_000 });
  });

  it("counts messages that it was given after its end, and no text", async () => {
    const { socket, peer } = await joined();
    const listener = new Listener();
    socket.attach(listener);
    peer.terminate();
    await vi.waitFor(() => expect(listener.endings).toHaveLength(1));
    socket.send("ack");
    expect(socket.unwrittenFrames).toBe(0);
    socket.send(binary("a"));
    socket.send(binary("b"));
    expect(socket.unwrittenFrames).toBe(2);
  });

  /** Until something that was sent has come back, behind all that may still be on its way. */
  async function answered(socket: LinkSocket, peer: WebSocket, listener: Listener): Promise<void> {
    peer.on("message", () => peer.send("answer"));
    socket.send("question");
    await vi.waitFor(() => expect(listener.heard.at(-1)).toBe("text answer"), { timeout: 5_000 });
  }
});

/** As one of `ws`, with a peer that speaks when the test says so. */
function wsLike() {
  const methods = { send: vi.fn(), ping: vi.fn(), close: vi.fn(), terminate: vi.fn(), pause: vi.fn(), resume: vi.fn() };
  return Object.assign(new EventEmitter(), { readyState: 1, bufferedAmount: 0 }, methods);
}

describe("a socket like one of ws", () => {
  it("is read on only when whoever takes it has made room", async () => {
    const websocket = wsLike();
    const socket = linkSocketFrom(websocket);
    for (let i = 0; i < 3; i++) websocket.emit("message", new Uint8Array(1_048_576), true);
    expect(websocket.pause).toHaveBeenCalled();
    const first = new Listener(() => socket.detach());
    socket.attach(first);
    expect(first.heard).toHaveLength(1);
    expect(websocket.resume).not.toHaveBeenCalled();
    const second = new Listener();
    socket.attach(second);
    await vi.waitFor(() => expect(second.heard).toHaveLength(2));
    await vi.waitFor(() => expect(websocket.resume).toHaveBeenCalledOnce());
  });

  it("keeps in order what arrives while what was held is delivered", () => {
    const websocket = wsLike();
    const socket = linkSocketFrom(websocket);
    for (let i = 0; i < 2; i++) websocket.emit("message", binary(`${i}`), true);
    const listener = new Listener((text) => {
      if (text === "binary 0") websocket.emit("message", binary("2"), true);
    });
    socket.attach(listener);
    expect(listener.heard).toEqual(["binary 0", "binary 1", "binary 2"]);
  });

  it("tells of a failure that nobody heard", () => {
    const websocket = wsLike();
    const socket = linkSocketFrom(websocket);
    websocket.emit("message", binary("last"), true);
    websocket.emit("error", new Error("broken"));
    const listener = new Listener();
    socket.attach(listener);
    expect(listener.heard).toEqual(["binary last", "failing"]);
    expect(listener.failures).toMatchObject([{ message: "broken" }]);
    websocket.emit("close", 1006, binary(""));
    expect(listener.heard).toEqual(["binary last", "failing", "end 1006"]);
  });
});

describe("linkSocketFrom", () => {
  it("takes an agreed subprotocol before that of the WebSocket, which says it otherwise", async () => {
    const socket = await dialNode(server.url);
    const { websocket } = socket;
    expect(linkSocketFrom(websocket, offered).protocol).toBe(offered);
    expect(linkSocketFrom({ ...standard, protocol: "other" }, offered).protocol).toBe(offered);
    expect(linkSocketFrom({ ...standard, protocol: "other" }, "").protocol).toBe("");
    expect(linkSocketFrom({ ...standard, protocol: "other" }).protocol).toBe("other");
    expect(linkSocketFrom(await accepted()).protocol).toBe("");
    socket.terminate();
  });
});

const standard = {
  readyState: 1,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  send: () => undefined,
  close: () => undefined,
};

async function accepted(): Promise<WebSocket> {
  return vi.waitFor(() => {
    const websocket = server.accepted[0];
    if (websocket === undefined) throw new Error("the server has accepted nothing yet");
    return websocket;
  });
}
