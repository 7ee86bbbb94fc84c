import { type MemorySocket, type SocketPair, type SocketPairOptions, socketPair } from "trunkline/testing";
import { describe, expect, it } from "vitest";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Notes what a socket tells, and what of it came first on either. */
function listen(socket: MemorySocket, name = "") {
  const log: string[] = [];
  socket.on("message", (data, isBinary) => log.push(`${name}${isBinary ? "binary" : "text"} ${text(data)}`));
  socket.on("ping", () => log.push(`${name}ping`));
  socket.on("pong", () => log.push(`${name}pong`));
  socket.on("close", (code, reason) => log.push(`${name}close ${code} ${text(reason)}`));
  return log;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function pair(options?: SocketPairOptions) {
  const sockets = socketPair(options);
  return { ...sockets, client: sockets.client, server: sockets.server };
}

const closedOf = (socket: MemorySocket) => new Promise<void>((resolve) => socket.once("close", () => resolve()));

describe("a socket pair", () => {
  it("carries frames both ways, in order, later, and as copies", async () => {
    const { client, server } = pair();
    const log = listen(server);
    const bytes = new TextEncoder().encode("one");
    client.send(bytes);
    bytes.fill(0);
    client.send("two");
    expect(log).toEqual([]);
    await turn();
    await turn();
    expect(log).toEqual(["binary one", "text two"]);
    const back = listen(client);
    server.send("three");
    await turn();
    await turn();
    expect(back).toEqual(["text three"]);
  });

  it.each([1, 3, 7])("keeps a frame on its way for %i turns", async (delayTurns) => {
    const { client, server } = pair({ delayTurns });
    const log = listen(server);
    // Opens the turn that the sockets count from, whatever this one was.
    await turn();
    client.send("late");
    for (let n = 1; n < delayTurns; n++) {
      await turn();
      expect(log).toEqual([]);
    }
    await turn();
    await turn();
    expect(log).toEqual(["text late"]);
  });

  it("keeps what nobody listens to, and what is sent to an end that is paused", async () => {
    const { client, server } = pair();
    let written = 0;
    client.send("early", () => {
      written += 1;
    });
    await turn();
    await turn();
    expect([client.bufferedAmount, written]).toEqual([5, 0]);
    const log = listen(server);
    await turn();
    await turn();
    expect([client.bufferedAmount, written, log]).toEqual([0, 1, ["text early"]]);
    server.pause();
    client.send("more");
    await turn();
    await turn();
    expect([client.bufferedAmount, log.length]).toEqual([4, 1]);
    server.resume();
    await turn();
    await turn();
    expect(log).toEqual(["text early", "text more"]);
  });

  it("closes with a handshake, behind what was sent, once on each end", async () => {
    const { client, server } = pair();
    const log: string[] = [];
    for (const [name, socket] of Object.entries({ client, server })) {
      socket.on("message", (data) => log.push(`${name} ${text(data)}`));
      socket.on("close", (code, reason) => log.push(`${name} close ${code} ${text(reason)}`));
    }
    client.send("last words");
    server.send("mine too");
    client.close(4000, "enough");
    client.close(4001, "again");
    expect([client.readyState, server.readyState]).toEqual([2, 1]);
    await closedOf(client);
    expect(log).toEqual([
      "server last words",
      "server close 4000 enough",
      "client mine too",
      "client close 4000 enough",
    ]);
    expect([client.readyState, server.readyState]).toEqual([3, 3]);
    const errors: unknown[] = [];
    client.send("too late", (error) => errors.push(error?.message));
    expect(errors).toEqual(["The socket is not open."]);
  });

  it("closes once on each end when both say goodbye", async () => {
    const { client, server } = pair();
    const logs = [listen(client), listen(server)];
    client.close(4001, "a");
    server.close(4002, "b");
    await Promise.all([closedOf(client), closedOf(server)]);
    await turn();
    await turn();
    expect(logs).toEqual([["close 4002 b"], ["close 4001 a"]]);
  });

  it("is cut: what is on its way is lost, and both ends close with 1006, at once", async () => {
    const { client, server, cut } = pair();
    const logs = [listen(client), listen(server)];
    client.send("lost");
    cut();
    cut();
    expect(logs).toEqual([["close 1006 "], ["close 1006 "]]);
    await turn();
    await turn();
    expect(logs.flat()).toHaveLength(2);
    expect(client.bufferedAmount).toBe(0);
  });

  it("is terminated by one end, which the other learns behind what was sent", async () => {
    const { client, server } = pair();
    const logs = [listen(client), listen(server)];
    client.send("last");
    server.send("never read");
    client.terminate();
    expect(logs).toEqual([["close 1006 "], []]);
    await closedOf(server);
    expect(logs).toEqual([["close 1006 "], ["text last", "close 1006 "]]);
  });

  it("answers pings by itself, and falls silent while it is held", async () => {
    const { client, server, hold, release } = pair();
    const logs = [listen(client), listen(server)];
    client.ping();
    for (let n = 0; n < 4; n++) await turn();
    expect(logs).toEqual([["pong"], ["ping"]]);
    hold();
    client.send("held");
    client.ping();
    for (let n = 0; n < 4; n++) await turn();
    expect(logs.flat()).toHaveLength(2);
    release();
    for (let n = 0; n < 4; n++) await turn();
    expect(logs).toEqual([
      ["pong", "pong"],
      ["ping", "text held", "ping"],
    ]);
  });

  it("has the subprotocol it was made with, on both ends; none unless told", () => {
    const ends = ({ client, server }: SocketPair) => [client.protocol, server.protocol];
    expect(ends(socketPair())).toEqual(["", ""]);
    expect(ends(socketPair({ protocol: "trunkline.resume.v1" }))).toEqual(Array(2).fill("trunkline.resume.v1"));
  });

  it("lets a listener be taken away", async () => {
    const { client, server } = pair();
    const log: string[] = [];
    const listener = (data: Uint8Array) => log.push(text(data));
    server.on("message", listener).on("close", () => log.push("closed"));
    server.off("message", listener);
    client.send("unheard");
    client.close();
    await closedOf(server);
    expect(log).toEqual(["closed"]);
  });

  it("is cut at the end of the scope that is using it", () => {
    const log: string[] = [];
    {
      using sockets = socketPair();
      sockets.server.on("close", (code) => log.push(String(code)));
    }
    expect(log).toEqual(["1006"]);
  });

  it.each([0, -1, 0.5, Number.NaN])("refuses a delay of %s turns", (delayTurns) => {
    expect(() => socketPair({ delayTurns })).toThrow(expect.objectContaining({ code: "TL_INVALID_OPTION" }));
  });
});
