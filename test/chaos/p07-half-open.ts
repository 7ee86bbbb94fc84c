import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { type FaultConnection, FaultProxy } from "../../src/faults/index.ts";
import { dial } from "../../src/proxy/dial.node.ts";
import { Link, type LinkEnding, type LinkOptions, silentPeerCode } from "../../src/proxy/link/index.ts";
import { deferred } from "../../src/util/index.ts";
import type { Outcome, ProofContext } from "./proof.ts";
import { StallMeter } from "./stall-meter.ts";

export interface HalfOpenCounts {
  readonly links: number;
  readonly heartbeatMs: number | undefined;
  /** The connections fall silent at moments spread over so long. */
  readonly overMs: number;
}

const defaultHeartbeatMs = 10_000;
const allowanceMs = 100;
/** A run that is late while its own loop stalls for longer does not tell who was late, and is repeated. */
const tolerableStallMs = 40;
const maxRuns = 5;

interface Found {
  readonly afterMs: number;
  readonly code: number;
}

/** Connections over which nothing arrives any more, and no end either: how long until their links notice. */
export async function findHalfOpen(context: ProofContext, counts: HalfOpenCounts): Promise<Outcome> {
  const { heartbeatMs = defaultHeartbeatMs } = counts;
  const limitMs = 2.5 * heartbeatMs + allowanceMs;
  for (let run = 1; ; run++) {
    const meter = new StallMeter();
    const found = await cutOff(context, counts);
    meter.stop();
    const stall = `the longest stall of this process was ${meter.longestMs.toFixed(0)} ms`;
    context.note(`run ${run}: ${stall}`);
    const times = found.map(({ afterMs }) => afterMs).sort((a, b) => a - b);
    const [earliest = 0, latest = Number.POSITIVE_INFINITY] = [times[0], times.at(-1)];
    const late = latest > limitMs;
    if (late && meter.longestMs > tolerableStallMs && run < maxRuns && !context.signal.aborted) continue;
    const problems: string[] = [];
    if (late) problems.push(`A link took ${latest.toFixed(0)} ms, which is more than ${limitMs} ms; ${stall}.`);
    if (earliest < 2.25 * heartbeatMs) problems.push(`A link gave up after ${earliest.toFixed(0)} ms.`);
    if (found.some(({ code }) => code !== silentPeerCode)) problems.push("A link ended for another reason.");
    const figures = [
      `${found.length} half-open links with heartbeats of ${heartbeatMs / 1_000} s`,
      `found after ${(earliest / 1_000).toFixed(2)} to ${(latest / 1_000).toFixed(2)} s of silence`,
      `limit ${limitMs / 1_000} s`,
    ];
    return { passed: problems.length === 0, figures, problems };
  }
}

async function cutOff({ random }: ProofContext, { links, heartbeatMs, overMs }: HalfOpenCounts): Promise<Found[]> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  server.on("connection", (websocket) => {
    websocket.on("error", () => undefined);
    // What it is sent, it sends back.
    websocket.on("message", (data, isBinary) => websocket.send(data, { binary: isBinary }));
  });
  await once(server, "listening");
  const proxy = await FaultProxy.listen({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
  try {
    const watched: WatchedLink[] = [];
    for (let number = 1; number <= links; number++) {
      const link = new WatchedLink(proxy.url, { heartbeatMs });
      await link.open();
      watched.push(link.over(await proxy.connected(number)));
    }
    return await Promise.all(watched.map((link) => link.foundAfter(random() * overMs)));
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
    await proxy[Symbol.asyncDispose]();
  }
}

/** A plain link of which it is known when its last byte came. */
class WatchedLink {
  readonly #link: Link;
  readonly #opened = deferred<void>();
  readonly #closed = deferred<{ at: number; ending: LinkEnding }>();
  #connection: FaultConnection | undefined;
  #lastByteAt = 0;
  readonly #giveUpMs: number;

  constructor(url: string, options: LinkOptions) {
    this.#giveUpMs = 4 * (options.heartbeatMs ?? defaultHeartbeatMs);
    this.#link = new Link(
      { dial: (signal) => dial(url, { signal }) },
      {
        onOpen: () => this.#opened.resolve(),
        onMessage: () => {
          this.#connection?.blackhole();
          this.#lastByteAt = performance.now();
        },
        onOversize: () => {},
        onConnectFailed: ({ error }) => this.#opened.reject(error),
        onClosed: (ending) => this.#closed.resolve({ at: performance.now(), ending }),
        onFault: (error) => this.#opened.reject(error),
      },
      { ...options, connectAttempts: 1, resume: "off" },
    );
  }

  async open(): Promise<void> {
    this.#link.open();
    await this.#opened.promise;
  }

  over(connection: FaultConnection): this {
    this.#connection = connection;
    return this;
  }

  /** After a while the peer says one more thing, and then the network says nothing. */
  async foundAfter(delayMs: number): Promise<Found> {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await this.#link.send(new Uint8Array(1));
    const deadline = setTimeout(() => this.#link.terminate(), this.#giveUpMs);
    const { at, ending } = await this.#closed.promise;
    clearTimeout(deadline);
    return { afterMs: at - this.#lastByteAt, code: ending.code };
  }
}
