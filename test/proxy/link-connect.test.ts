import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { TrunklineError } from "../../src/errors.ts";
import { dial } from "../../src/proxy/dial.node.ts";
import type { LinkSocket } from "../../src/proxy/link/index.ts";
import { bytes, clientLink, ManualClock, Observed, Peer } from "./link-harness.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listening(options?: { status?: number }): Promise<Peer> {
  const peer = await Peer.listen(options);
  cleanups.push(() => peer.close());
  return peer;
}

/** Takes TCP connections and never says a word. */
async function silentServer(): Promise<{ url: string; sockets: Socket[]; server: Server }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    // Reads on, or it would not notice the other end's going.
    socket.resume();
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address() as { port: number };
  return { url: `ws://127.0.0.1:${address.port}/ws`, sockets, server };
}

describe("connecting", () => {
  it("K12: reports a first connect that fails, with attempt and delay, and tries again until it holds", async () => {
    const peer = await listening();
    let attempts = 0;
    const observed = new Observed(
      {
        dial: (signal) => {
          attempts += 1;
          return dial(attempts < 3 ? "ws://127.0.0.1:1/ws" : peer.url, { signal });
        },
      },
      { random: () => 0 },
    );
    const sent = observed.link.send(bytes("kept over failures"));
    observed.link.open();
    await observed.untilOpen();
    await sent;
    expect(observed.failures).toMatchObject([
      { attempt: 1, retryInMs: 100, error: { code: "TL_CONNECT_FAILED" } },
      { attempt: 2, retryInMs: 100, error: { code: "TL_CONNECT_FAILED" } },
    ]);
    expect(observed.link.counters).toMatchObject({ connectAttempts: 3, connectFailures: 2 });
    await observed.link.close();
    expect(observed.endings).toHaveLength(1);
  });

  it("K12: gives up after the attempts it was given, and says why", async () => {
    const peer = await listening({ status: 401 });
    const { link, failures, endings } = clientLink(peer.url, { connectAttempts: 2, random: () => 0 });
    const sent = link.send(bytes("never")).catch((error) => error.code);
    link.open();
    await link.closed;
    expect(failures.map(({ retryInMs }) => retryInMs)).toEqual([100, undefined]);
    expect(endings).toMatchObject([{ opened: false, clean: false, error: { code: "TL_CONNECT_FAILED" } }]);
    expect(endings[0]?.error?.message).toContain("401");
    expect(await sent).toBe("TL_CONNECT_FAILED");
  });

  it("does not try an option that is wrong again", async () => {
    const observed = new Observed({
      dial: () => {
        throw new TrunklineError("TL_INVALID_OPTION", "headers cannot be sent from here");
      },
    });
    observed.link.open();
    await observed.link.closed;
    expect(observed.failures).toMatchObject([{ attempt: 1, retryInMs: undefined }]);
  });

  it("K13: opening twice is one connection", async () => {
    const peer = await listening();
    const { link, ...observed } = clientLink(peer.url);
    link.open();
    link.open();
    const websocket = await peer.next();
    websocket.send("hello");
    await vi.waitFor(() => expect(observed.messages).toHaveLength(1));
    link.open();
    expect(link.counters.connectAttempts).toBe(1);
    expect(peer.accepted).toEqual([]);
    await link.close();
  });
});

describe("stopping while dialing", () => {
  it("leaves no socket when the handshake is under way", async () => {
    const { url, sockets, server } = await silentServer();
    const { link, endings } = clientLink(url);
    link.open();
    await vi.waitFor(() => expect(sockets).toHaveLength(1));
    await link.close();
    await vi.waitFor(async () => {
      const open = await new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
      expect(open).toBe(0);
    });
    expect(endings).toMatchObject([{ code: 1000, clean: true, opened: false }]);
  });

  it("leaves no timer while it waits for the next attempt", async () => {
    const clock = new ManualClock();
    const observed = new Observed({ dial: () => Promise.reject(new Error("no")) }, { clock });
    observed.link.open();
    await observed.until(() => observed.failures.length === 1);
    expect(clock.pending).toBe(1);
    await observed.link.close();
    expect(clock.pending).toBe(0);
    clock.advance(60_000);
    expect(observed.link.counters.connectAttempts).toBe(1);
  });

  it("cuts a socket that a dial brings after all", async () => {
    const clock = new ManualClock();
    let bring: (socket: LinkSocket) => void = () => undefined;
    const observed = new Observed({ dial: () => new Promise<LinkSocket>((resolve) => (bring = resolve)) }, { clock });
    observed.link.open();
    observed.link.terminate();
    const terminate = vi.fn();
    bring({ terminate } as Partial<LinkSocket> as LinkSocket);
    await vi.waitFor(() => expect(terminate).toHaveBeenCalledOnce());
    expect(observed.log).toEqual(["closed"]);
    expect(clock.pending).toBe(0);
  });

  it("may happen in the report of a failure", async () => {
    const clock = new ManualClock();
    const observed = new Observed({ dial: () => Promise.reject(new Error("no")) }, { clock });
    observed.failures.push = () => {
      void observed.link.close();
      return 1;
    };
    observed.link.open();
    await observed.link.closed;
    expect(clock.pending).toBe(0);
  });
});

it("an attempt that takes too long counts as failed, whatever it is waiting for", async () => {
  const clock = new ManualClock();
  const signals: AbortSignal[] = [];
  const dialNever = (signal: AbortSignal) => {
    signals.push(signal);
    return new Promise<LinkSocket>(() => undefined);
  };
  const observed = new Observed({ dial: dialNever }, { clock, random: () => 0 });
  observed.link.open();
  clock.advance(10_000);
  expect(observed.failures).toMatchObject([{ attempt: 1, retryInMs: 100, error: { code: "TL_CONNECT_FAILED" } }]);
  expect(signals[0]?.aborted).toBe(true);
  clock.advance(100);
  expect(signals).toHaveLength(2);
  await observed.link.close();
  expect(signals[1]?.aborted).toBe(true);
  expect(clock.pending).toBe(0);
});
