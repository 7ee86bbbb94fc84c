import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LinkSocket, LinkSocketHandlers } from "../../src/proxy/link/index.ts";
import { clientLink, connected, ManualClock, Observed, Peer, tcpOf } from "./link-harness.ts";

/** A socket whose peer says only what the test makes it say. */
class FakeSocket implements LinkSocket {
  readonly websocket = this;
  readonly protocol = "";
  readonly writable = true;
  readonly bufferedBytes = 0;
  readonly unwrittenFrames = 0;
  readonly ping: (() => void) | undefined;
  readonly terminate = vi.fn();
  inboundActivity = 0;
  handlers: LinkSocketHandlers | undefined;

  constructor(ping: (() => void) | undefined) {
    this.ping = ping;
  }

  attach(handlers: LinkSocketHandlers): void {
    this.handlers = handlers;
  }

  send(): void {}
  requestDrain(): void {}
  close(): void {}
}

function watched(canPing = true) {
  const clock = new ManualClock();
  const ping = vi.fn();
  const socket = new FakeSocket(canPing ? ping : undefined);
  const observed = new Observed({ socket }, { clock });
  observed.link.open();
  return { clock, ping, socket, observed };
}

describe("liveness", () => {
  it("pings after 10 s of silence and cuts after 2.5 times as much", () => {
    const { clock, ping, socket, observed } = watched();
    clock.advance(9_999);
    expect(ping).not.toHaveBeenCalled();
    clock.advance(1);
    expect(ping).toHaveBeenCalledTimes(1);
    clock.advance(14_999);
    expect(observed.endings).toEqual([]);
    clock.advance(1);
    expect(observed.endings).toMatchObject([{ code: 4408, clean: false, error: { code: "TL_CONNECTION_LOST" } }]);
    expect(socket.terminate).toHaveBeenCalledOnce();
    expect(observed.link.counters.missedHeartbeats).toBe(2);
    expect(clock.pending).toBe(0);
  });

  it("takes any inbound byte for life, be it part of a frame", () => {
    const { clock, socket, observed } = watched();
    for (let i = 0; i < 100; i++) {
      clock.advance(20_000);
      socket.inboundActivity += 1;
    }
    expect(observed.link.state).toBe("open");
    observed.link.terminate();
    expect(clock.pending).toBe(0);
  });

  it("grants one more heartbeat after our own loop was stalled, and cuts then", () => {
    const { clock, ping, observed } = watched();
    clock.advance(15_000);
    clock.stall(3_600_000);
    expect(observed.link.state).toBe("open");
    expect(ping).toHaveBeenCalledTimes(2);
    clock.advance(9_999);
    expect(observed.link.state).toBe("open");
    clock.advance(1);
    expect(observed.endings).toMatchObject([{ code: 4408 }]);
  });

  it("judges nobody where there is no ping", () => {
    const { clock, observed } = watched(false);
    clock.advance(3_600_000);
    expect(observed.link.state).toBe("open");
    expect(clock.pending).toBe(0);
  });

  it("a socket that was cut is heard no more", () => {
    const { clock, socket, observed } = watched();
    clock.advance(25_000);
    socket.handlers?.onMessage(new Uint8Array(1), "binary");
    socket.handlers?.onDrain();
    socket.handlers?.onClose({ code: 1000, reason: "late" });
    expect(observed.log).toEqual(["open", "closed"]);
    expect(observed.link.counters.framesIn).toBe(0);
  });
});

describe("over a real socket", () => {
  let peer: Peer;
  beforeEach(async () => {
    peer = await Peer.listen();
  });
  afterEach(() => peer.close());

  it("cuts a peer that has fallen silent", async () => {
    const client = clientLink(peer.url, { heartbeatMs: 40 });
    client.link.open();
    tcpOf(await peer.next()).pause();
    await client.link.closed;
    expect(client.endings).toMatchObject([{ code: 4408, clean: false, opened: true }]);
  });

  it("keeps an idle peer that answers pings", async () => {
    const { client, server } = await connected(peer, { heartbeatMs: 40 });
    await vi.waitFor(() => expect(client.link.counters.missedHeartbeats).toBeGreaterThan(0));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([client.link.state, server.link.state]).toEqual(["open", "open"]);
    await client.link.close();
  });
});
