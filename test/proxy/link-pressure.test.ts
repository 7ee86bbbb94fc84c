import { afterEach, beforeEach, expect, it } from "vitest";
import { bytes, clientLink, Peer, tcpOf } from "./link-harness.ts";

let peer: Peer;
beforeEach(async () => {
  peer = await Peer.listen();
});
afterEach(() => peer.close());

const piece = new Uint8Array(256 * 1_024);

/** Sends until the peer's refusal to read has filled everything between the two ends. */
async function fill(client: ReturnType<typeof clientLink>): Promise<{ readonly sent: Promise<void> }> {
  for (;;) {
    let settled = false;
    const sent = client.link.send(piece).finally(() => {
      settled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    if (!settled) return { sent };
  }
}

it("send waits for a peer that stops reading, and goes on when it reads again", async () => {
  const client = clientLink(peer.url);
  client.link.open();
  const websocket = await peer.next();
  await client.untilOpen();
  tcpOf(websocket).pause();
  const { sent } = await fill(client);
  expect(client.link.bufferedBytes).toBeGreaterThanOrEqual(4_194_304);
  expect(client.link.bufferedBytes).toBeLessThan(4_194_304 + 3 * piece.byteLength);
  expect(client.link.counters.slowed).toBe(1);
  let received = 0;
  websocket.on("message", () => {
    received += 1;
  });
  tcpOf(websocket).resume();
  await sent;
  expect(client.link.bufferedBytes).toBeLessThanOrEqual(2_097_152 + 2 * piece.byteLength);
  await client.link.close();
  expect(received).toBe(client.link.counters.framesOut);
});

it("refuses what is sent regardless, once the bound is reached, and loses none of the rest", async () => {
  const client = clientLink(peer.url, { maxQueuedFrames: 8 });
  client.link.open();
  const websocket = await peer.next();
  await client.untilOpen();
  tcpOf(websocket).pause();
  const first = await fill(client);
  const more = Array.from({ length: 10 }, (_, i) =>
    client.link.send(bytes(`more ${i}`)).then(
      () => "sent",
      (error) => error.code,
    ),
  );
  const texts: string[] = [];
  websocket.on("message", (data: Buffer) => {
    if (data.byteLength < 100) texts.push(data.toString());
  });
  tcpOf(websocket).resume();
  await first.sent;
  const outcomes = await Promise.all(more);
  const kept = outcomes.filter((outcome) => outcome === "sent").length;
  expect(kept).toBe(7);
  expect(outcomes.slice(kept)).toEqual(Array.from({ length: 10 - kept }, () => "TL_LINK_FULL"));
  await client.link.close();
  expect(texts).toEqual(Array.from({ length: kept }, (_, i) => `more ${i}`));
});

it("a link that ends while senders wait tells each of them, and how many messages did not leave", async () => {
  const client = clientLink(peer.url);
  client.link.open();
  const websocket = await peer.next();
  await client.untilOpen();
  tcpOf(websocket).pause();
  const first = await fill(client);
  const second = client.link.send(bytes("second"));
  tcpOf(websocket).destroy();
  await expect(first.sent).rejects.toMatchObject({ code: "TL_CONNECTION_LOST" });
  await expect(second).rejects.toMatchObject({ code: "TL_CONNECTION_LOST" });
  expect(client.endings).toHaveLength(1);
  // Two that waited, and at least the 4 MiB that had not left the socket.
  expect(client.endings[0]?.unacknowledged).toBeGreaterThanOrEqual(2 + 8);
});

it("closing a link to a peer that does not read takes no longer than it may", async () => {
  const client = clientLink(peer.url, { closeTimeoutMs: 50 });
  client.link.open();
  const websocket = await peer.next();
  await client.untilOpen();
  tcpOf(websocket).pause();
  const { sent } = await fill(client);
  const lost = expect(sent).rejects.toMatchObject({ code: "TL_CONNECTION_LOST" });
  await client.link.close();
  await lost;
  expect(client.endings).toMatchObject([{ code: 1006, clean: false }]);
});
