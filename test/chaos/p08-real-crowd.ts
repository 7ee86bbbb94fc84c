import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { FaultProxy } from "../../src/faults/index.ts";
import { dial } from "../../src/proxy/dial.node.ts";
import { type Dial, Link, resumeProtocol, SessionDesk } from "../../src/proxy/link/index.ts";
import { linkSocketFrom } from "../../src/proxy/socket.ts";
import { until } from "../support/settled.ts";
import { silentLinkEvents } from "../support/silent-link-events.ts";
import { StallMeter } from "./stall-meter.ts";

const attemptsCounted = 3;
// The longest three waits are 7.3 s together.
const patienceMs = 30_000;
const openedAtOnce = 50;

export interface RealCut {
  /** When each client dialed, in milliseconds after the cut: its first attempts. */
  readonly dialed: readonly (readonly number[])[];
  /** For how long everybody, being in one process, had to wait at most. */
  readonly stalledMs: number;
}

/** Real clients of a real server, which are all cut at once, and refused when they come back. */
export async function cutRealClients(count: number, random: () => number): Promise<RealCut> {
  const dials: number[][] = [];
  const ends: Link[] = [];
  let interrupted = 0;
  const desk = new SessionDesk({ isSamePrincipal: () => true });
  const upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: () => resumeProtocol,
  });
  const server = createServer();
  server.on("upgrade", (request, socket: Duplex, head) => {
    upgrades.handleUpgrade(request, socket, head, (websocket) => {
      void desk.admit(linkSocketFrom(websocket), undefined).then((answer) => {
        if (answer.kind !== "new") return;
        const end = new Link(answer.seat, silentLinkEvents);
        ends.push(end);
        end.open();
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = await FaultProxy.listen({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const clients: Link[] = [];
  try {
    while (clients.length < count) {
      const batch = Array.from({ length: Math.min(openedAtOnce, count - clients.length) }, () => {
        const moments: number[] = [];
        dials.push(moments);
        return openClient(proxy, moments, random, () => {
          interrupted += 1;
        });
      });
      clients.push(...(await Promise.all(batch)));
    }
    await until(() => ends.length === count, "the server's end of every link", patienceMs);
    const cutAt = performance.now();
    proxy.refuse();
    proxy.reset();
    await until(() => interrupted === count, "everybody's knowing of it", patienceMs);
    // What has taken long so far has only made the crowd come later.
    const meter = new StallMeter();
    // The first one opened the connection.
    const late = () => dials.some(({ length }) => length <= attemptsCounted);
    await until(() => !late(), "three attempts of everybody", patienceMs);
    meter.stop();
    const dialed = dials.map((moments) => moments.slice(1, attemptsCounted + 1).map((moment) => moment - cutAt));
    return { dialed, stalledMs: meter.longestMs };
  } finally {
    for (const link of [...clients, ...ends]) link.terminate();
    await proxy[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  }
}

function openClient(
  proxy: FaultProxy,
  dialed: number[],
  random: () => number,
  onInterrupted: () => void,
): Promise<Link> {
  return new Promise((resolve, reject) => {
    const dialNoted: Dial = (signal) => {
      dialed.push(performance.now());
      // Once they are refused a bare connection will do: a thousand handshakes would keep each other waiting.
      if (dialed.length > 1) return refusedConnection(proxy.port);
      return dial(proxy.url, { signal, protocols: [resumeProtocol] });
    };
    const events = { ...silentLinkEvents, onOpen: () => resolve(link), onInterrupted, onFault: reject };
    const link: Link = new Link({ dial: dialNoted }, events, { random, resume: "require" });
    link.open();
  });
}

async function refusedConnection(port: number): Promise<never> {
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve) => {
    socket.on("error", () => undefined);
    socket.once("close", () => resolve());
    socket.resume();
  });
  throw new Error("refused");
}
