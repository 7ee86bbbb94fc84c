import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type RefusedData, type ServeAgentsOptions, serveAgents } from "trunkline/server";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { assistantSession, RemoteClient } from "./remote-client.ts";
import { asRequest, handshakeLines, type Knocking, knock, RawSocket } from "./server-sockets.ts";

async function serving(options: ServeAgentsOptions = {}) {
  const refused: RefusedData[] = [];
  const server = await serveAgents(options, assistantSession);
  server.on("refused", (data) => void refused.push(data));
  return { server, refused, [Symbol.asyncDispose]: () => server.close({ graceMs: 500 }) };
}

const causes = (refused: readonly RefusedData[]) => refused.map(({ status, cause }) => [status, cause]);
const filledUp = (count: number) =>
  Array.from({ length: count - handshakeLines().length + 1 }, (_, index) => `X-${index}: y`);

describe("the headers of a request", () => {
  it("have at most 64 lines, and 431 says that they have more", async () => {
    await using s = await serving();
    await using enough = await RawSocket.connected(s.server.port);
    expect(await enough.ask(asRequest([...handshakeLines(), ...filledUp(64)]))).toBe(101);
    for (const lines of [65, 66, 300]) {
      await using raw = await RawSocket.connected(s.server.port);
      expect(await raw.ask(asRequest([...handshakeLines(), ...filledUp(lines)]))).toBe(431);
      await raw.closed();
    }
    await using health = await RawSocket.connected(s.server.port);
    expect(await health.ask(asRequest(["GET /health HTTP/1.1", "Host: me", ...filledUp(70)]))).toBe(431);
    await health.closed();
    // Each of them once, whether Node or the server has counted the lines.
    expect(causes(s.refused)).toEqual(Array.from({ length: 4 }, () => [431, "handshake"]));
  });

  it("have at most 16 KiB, in one line or in several, in the path or behind it", async () => {
    await using s = await serving();
    const long = (bytes: number) => [...handshakeLines(), `X-Long: ${"y".repeat(bytes)}`];
    await using enough = await RawSocket.connected(s.server.port);
    expect(await enough.ask(asRequest(long(15_000)))).toBe(101);
    const tooMuch = [
      long(16_384),
      handshakeLines(`/ws?${"y".repeat(16_384)}`),
      [...handshakeLines(), ...Array.from({ length: 10 }, (_, index) => `X-${index}: ${"y".repeat(1_700)}`)],
    ];
    for (const lines of tooMuch) {
      await using raw = await RawSocket.connected(s.server.port);
      expect(await raw.ask(asRequest(lines))).toBe(431);
      await raw.closed();
    }
    expect(causes(s.refused)).toEqual(tooMuch.map(() => [431, "handshake"]));
  });

  it("are limited for clients of agents also where the server they are attached to lets more through", async () => {
    const http = createServer({ maxHeaderSize: 65_536 });
    await once(http.listen(0, "127.0.0.1"), "listening");
    await using s = await serving({ server: http });
    for (const more of [filledUp(65), [`X-Long: ${"y".repeat(17_000)}`]]) {
      await using raw = await RawSocket.connected(s.server.port);
      expect(await raw.ask(asRequest([...handshakeLines(), ...more]))).toBe(431);
      await raw.closed();
    }
    expect(causes(s.refused)).toEqual(Array.from({ length: 2 }, () => [431, "handshake"]));
    http.closeAllConnections();
    await once(http.close(), "close");
  });
});

it("a client that offers compression gets none", async () => {
  await using s = await serving();
  const offers = ["permessage-deflate", "permessage-deflate; client_max_window_bits; server_no_context_takeover"];
  for (const offer of offers) {
    await using raw = await RawSocket.connected(s.server.port);
    expect(await raw.ask(asRequest([...handshakeLines(), `Sec-WebSocket-Extensions: ${offer}`]))).toBe(101);
    expect(raw.heard).not.toMatch(/sec-websocket-extensions/i);
  }
  await using client = await knock(s.server.url, { perMessageDeflate: true });
  expect([client.status, client.socket.extensions]).toEqual([101, ""]);
  // A frame that says it is compressed all the same.
  await using raw = await RawSocket.connected(s.server.port);
  await raw.ask(asRequest(handshakeLines()));
  raw.socket.write(Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x78]));
  await raw.closed();
});

describe("how many sockets there may be", () => {
  it("those beyond it are closed at once and told as refused, and there is room again when one has gone", async () => {
    await using s = await serving({ maxConnections: 3 });
    const first = await Promise.all(Array.from({ length: 3 }, () => RawSocket.connected(s.server.port)));
    await using beyond = await RawSocket.connected(s.server.port);
    await beyond.closed();
    expect(s.refused).toEqual([{ status: undefined, cause: "connections", address: "127.0.0.1" }]);
    await first[0]?.[Symbol.asyncDispose]();
    await using client = await knock(s.server.url);
    expect(client.status).toBe(101);
    for (const raw of first) await raw[Symbol.asyncDispose]();
  });

  it("they are twice as many as sessions unless it is said otherwise", async () => {
    await using s = await serving({ maxSessions: 2 });
    const sockets = await Promise.all(Array.from({ length: 4 }, () => RawSocket.connected(s.server.port)));
    await using beyond = await RawSocket.connected(s.server.port);
    await beyond.closed();
    expect(causes(s.refused)).toEqual([[undefined, "connections"]]);
    expect(sockets.map(({ lastedMs }) => lastedMs)).toEqual([undefined, undefined, undefined, undefined]);
    for (const raw of sockets) await raw[Symbol.asyncDispose]();
  });
});

describe("how many connections an address may have", () => {
  const from = (localAddress: string) => ({ localAddress });

  it("those beyond it are refused with 429 before anybody is asked, and other addresses are not", async () => {
    let asked = 0;
    await using s = await serving({ maxConnectionsPerAddress: 2, authenticate: () => ++asked });
    await using one = await knock(s.server.url, from("127.0.0.2"));
    await using two = await knock(s.server.url, from("127.0.0.2"));
    await using three = await knock(s.server.url, from("127.0.0.2"));
    expect([one.status, two.status, three.status, asked]).toEqual([101, 101, 429, 2]);
    expect(s.refused).toEqual([{ status: 429, cause: "address", address: "127.0.0.2" }]);
    for (let index = 3; index < 20; index++) {
      await using other = await knock(s.server.url, from(`127.0.0.${index}`));
      expect(other.status).toBe(101);
    }
    await one[Symbol.asyncDispose]();
    await until(() => s.server.sessionCount <= 1);
    await using next = await knock(s.server.url, from("127.0.0.2"));
    expect(next.status).toBe(101);
  });

  it("there are 64 unless it is said otherwise", async () => {
    await using s = await serving();
    const inside: Knocking[] = [];
    for (let index = 0; index < 64; index++) inside.push(await knock(s.server.url));
    expect(new Set(inside.map(({ status }) => status))).toEqual(new Set([101]));
    await using beyond = await knock(s.server.url);
    expect(beyond.status).toBe(429);
    await using elsewhere = await knock(s.server.url, from("127.0.0.2"));
    expect(elsewhere.status).toBe(101);
    await Promise.all(inside.map((client) => client[Symbol.asyncDispose]()));
  });

  it("those that are being authenticated count, and those that were refused do not", async () => {
    const asked: ((principal: unknown) => void)[] = [];
    const authenticate = () => new Promise((resolve) => asked.push(resolve));
    await using s = await serving({ maxConnectionsPerAddress: 1, authenticate });
    for (let round = 0; round < 3; round++) {
      const entering = knock(s.server.url);
      await until(() => asked.length === round + 1);
      expect((await knock(s.server.url)).status).toBe(429);
      asked[round]?.(undefined);
      expect((await entering).status).toBe(401);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it("a header says nothing about it unless addressOf asks for it", async () => {
    await using s = await serving({ maxConnectionsPerAddress: 1 });
    await using first = await knock(s.server.url, { headers: { "x-forwarded-for": "192.0.2.1" } });
    await using second = await knock(s.server.url, { headers: { "x-forwarded-for": "192.0.2.2" } });
    expect([first.status, second.status]).toEqual([101, 429]);
    expect(s.refused).toEqual([{ status: 429, cause: "address", address: "127.0.0.1" }]);
  });

  const addressOf = ({ headers }: IncomingMessage) => headers["x-real-ip"] as string | undefined;
  const behind = (address: string) => ({ headers: { "x-real-ip": address } });

  it.each([
    ["an IPv4 address and itself as IPv6", "192.0.2.1", "::ffff:192.0.2.1", true],
    ["the same in other letters", "192.0.2.1", "0:0:0:0:0:FFFF:c000:201", true],
    ["two IPv4 addresses as IPv6", "::ffff:192.0.2.1", "::ffff:192.0.2.2", false],
    ["IPv6 addresses of one /64", "2001:db8:0:1::1", "2001:DB8::1:ffff:ffff:ffff:ffff", true],
    ["IPv6 addresses of two /64", "2001:db8:0:1::1", "2001:db8:0:2::1", false],
    ["IPv6 addresses of one link", "fe80::1%eth0", "fe80::2%eth1", true],
    ["what is no address, and the same", "a name", "a name", true],
    ["what looks like an address, and another", "1::2::3", "1::2::4", false],
    ["groups that are too long", "12345::", "12346::", false],
  ])("%s: one place or two", async (_what, one, other, same) => {
    await using s = await serving({ maxConnectionsPerAddress: 1, addressOf });
    await using first = await knock(s.server.url, behind(one));
    await using second = await knock(s.server.url, behind(other));
    expect([first.status, second.status]).toEqual([101, same ? 429 : 101]);
  });

  it("where addressOf knows none it is that of the socket", async () => {
    await using s = await serving({ maxConnectionsPerAddress: 1, addressOf });
    await using first = await knock(s.server.url);
    await using second = await knock(s.server.url);
    await using other = await knock(s.server.url, behind("192.0.2.1"));
    expect([first.status, second.status, other.status]).toEqual([101, 429, 101]);
    expect(s.refused.map(({ address }) => address)).toEqual(["127.0.0.1"]);
  });

  it("an addressOf that fails lets nobody in, and is told", async () => {
    const errors: string[] = [];
    await using s = await serving({
      addressOf: () => {
        throw new Error("no such header");
      },
    });
    s.server.on("error", ({ error }) => void errors.push(`${error.code} ${error.message}`));
    await using client = await knock(s.server.url);
    expect(client.status).toBe(500);
    expect(errors).toEqual(["TL_HANDLER_FAILED A client was refused because addressOf failed: no such header"]);
    expect(s.refused).toEqual([{ status: 500, cause: "address", address: undefined }]);
  });

  it("sockets that say nothing keep nobody out, not of their own address either: the oldest makes room", async () => {
    await using s = await serving({ maxConnectionsPerAddress: 3, maxConnections: 10 });
    const silent: RawSocket[] = [];
    for (let index = 0; index < 12; index++) {
      silent.push(await RawSocket.connected(s.server.port));
      await until(() => silent.filter(({ lastedMs }) => lastedMs === undefined).length <= 3, "the oldest being cut");
    }
    expect(silent.map(({ lastedMs }) => lastedMs === undefined)).toEqual([...Array(9).fill(false), true, true, true]);
    await using client = await RemoteClient.connected(s.server.url);
    expect(await client.double(2)).toBe(4);
    expect(new Set(causes(s.refused).map(String))).toEqual(new Set([",address"]));
    for (const raw of silent) await raw[Symbol.asyncDispose]();
  });
});
