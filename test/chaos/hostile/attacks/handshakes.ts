import { RawClient, request, upgradeLines } from "../raw-client.ts";
import { rawFrame, text } from "../raw-frame.ts";
import type { Target } from "../target.ts";
import { type Attack, isRefused, isSentAway } from "./attack.ts";

/** The right handshake with one line changed, or taken out. */
const changed = (from: RegExp, to?: string): string =>
  request(upgradeLines.flatMap((line) => (from.test(line) ? (to === undefined ? [] : [to]) : [line])));

const withLines = (...lines: readonly string[]): string => request([...upgradeLines, ...lines]);

async function refused({ port }: Target, head: string, ...statuses: readonly number[]): Promise<void> {
  await using client = await RawClient.connected(port);
  client.say(head);
  await isRefused(client, ...statuses);
}

/** It may be taken or not; what is taken is given up again. */
async function eitherWay({ port }: Target, ...parts: readonly (string | Uint8Array)[]): Promise<void> {
  await using client = await RawClient.connected(port);
  client.say(...parts);
  client.socket.end();
  await client.ended();
}

export const handshakeAttacks: readonly Attack[] = [
  { name: "no key", run: (target) => refused(target, changed(/Key/), 400) },
  { name: "a key that is none", run: (target) => refused(target, changed(/Key/, "Sec-WebSocket-Key: x"), 400) },
  {
    name: "another version",
    run: (target) => refused(target, changed(/Version/, "Sec-WebSocket-Version: 99"), 400, 426),
  },
  { name: "another method", run: (target) => refused(target, changed(/^GET/, "POST /ws HTTP/1.1"), 400, 405) },
  { name: "a tunnel", run: (target) => refused(target, changed(/^GET/, "CONNECT /ws HTTP/1.1")) },
  { name: "HTTP/1.0", run: (target) => eitherWay(target, changed(/^GET/, "GET /ws HTTP/1.0")) },
  { name: "HTTP/3.7", run: (target) => refused(target, changed(/^GET/, "GET /ws HTTP/3.7")) },
  { name: "two Upgrade headers", run: (target) => refused(target, withLines("Upgrade: websocket")) },
  {
    name: "a body under both lengths",
    run: (target) =>
      refused(
        target,
        `${withLines("Content-Length: 4", "Transfer-Encoding: chunked")}0\r\n\r\nGET /health HTTP/1.1\r\n\r\n`,
      ),
  },
  {
    name: "a second request as the body of the handshake",
    run: (target) => eitherWay(target, withLines("Content-Length: 60"), request(upgradeLines), text("FORBIDDEN")),
  },
  {
    name: "the address of another server",
    run: (target) => eitherWay(target, changed(/^GET/, "GET http://evil/ws HTTP/1.1")),
  },
  { name: "a path that is none", run: (target) => refused(target, changed(/^GET/, "GET //[ HTTP/1.1")) },
  { name: "a path with a zero byte", run: (target) => refused(target, changed(/^GET/, "GET /ws%00 HTTP/1.1")) },
  { name: "a path that climbs", run: (target) => eitherWay(target, changed(/^GET/, "GET /x/%2e%2e/../ws HTTP/1.1")) },
  { name: "lines that end in half a line end", run: (target) => eitherWay(target, `${upgradeLines.join("\n")}\n\n`) },
  {
    name: "control characters in headers",
    run: (target) => refused(target, withLines("X-Log: \u001b[2J\u0007\u0000", "Origin: http://a\u0001b")),
  },
  {
    name: "a megabyte of header",
    async run({ port }) {
      await using client = await RawClient.connected(port);
      client.say(request([...upgradeLines, `X-Long: ${"y".repeat(1_048_576)}`]));
      await isRefused(client, 431);
    },
  },
  {
    name: "ten thousand headers",
    run: (target) => refused(target, withLines(...Array.from({ length: 10_000 }, (_, index) => `X-${index}: y`))),
  },
  {
    name: "a thousand subprotocols, and ones that are none",
    async run(target) {
      const names = Array.from({ length: 1_000 }, (_, index) => `p${index}`).join(", ");
      await eitherWay(target, withLines(`Sec-WebSocket-Protocol: ${names}`));
      await refused(target, withLines("Sec-WebSocket-Protocol: ,,@@,"), 400);
    },
  },
  {
    name: "compression, asked for in all ways",
    async run({ port }) {
      await using client = await RawClient.connected(port);
      client.say(withLines("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x; y=z"));
      client.say(rawFrame({ opcode: 1, reserved: 4, payload: Buffer.alloc(100) }));
      await isSentAway(client, 1002);
      if (/permessage-deflate/i.test(client.head)) throw new Error("Compression was agreed on.");
    },
  },
  {
    name: "requests in a row, and a handshake behind them",
    async run({ port }) {
      const health = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
      await using client = await RawClient.connected(port);
      client.say(health.repeat(1_000), request(upgradeLines), text("FORBIDDEN"));
      await client.ended();
    },
  },
  {
    name: "a request where frames belong",
    async run({ port }) {
      await using client = await RawClient.upgraded(port);
      client.say(request(upgradeLines));
      await isSentAway(client, 1002);
    },
  },
  {
    name: "twenty resets right after the handshake",
    async run({ port }) {
      for (let index = 0; index < 20; index += 1) {
        await using client = await RawClient.connected(port);
        client.say(request(upgradeLines));
        if (index % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
        client.reset();
      }
    },
  },
  {
    name: "half of the connection closed after the handshake",
    async run({ port }) {
      await using client = await RawClient.upgraded(port);
      client.socket.end();
      await client.ended();
    },
  },
  {
    name: "silence in place of a handshake, and one that drips",
    isSlow: true,
    async run({ port }) {
      await using silent = await RawClient.connected(port);
      await using dripping = await RawClient.connected(port);
      const startedAt = performance.now();
      for (const letter of request(upgradeLines)) {
        dripping.say(letter);
        await new Promise((resolve) => setTimeout(resolve, 200));
        if (dripping.over && silent.over) break;
      }
      await Promise.all([silent.ended(), dripping.ended()]);
      const tookMs = performance.now() - startedAt;
      if (tookMs > 12_500) throw new Error(`They were gone after ${tookMs.toFixed(0)} ms only.`);
    },
  },
];
