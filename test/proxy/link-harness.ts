import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { dial } from "../../src/proxy/dial.node.ts";
import {
  type Clock,
  type ConnectFailure,
  Link,
  type LinkEnding,
  type LinkOptions,
  payloadLimitFor,
} from "../../src/proxy/link/index.ts";
import { linkSocketFrom } from "../../src/proxy/socket.ts";

/** A WebSocket server on loopback that keeps what it accepts. */
export class Peer {
  readonly accepted: WebSocket[] = [];
  readonly #http: Server;
  readonly #server: WebSocketServer;
  readonly #waiting: ((websocket: WebSocket) => void)[] = [];
  readonly url: string;

  private constructor(http: Server, server: WebSocketServer) {
    this.#http = http;
    this.#server = server;
    this.url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`;
    server.on("connection", (websocket) => {
      websocket.on("error", () => undefined);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(websocket);
      else this.accepted.push(websocket);
    });
  }

  static async listen(options: { status?: number } = {}): Promise<Peer> {
    const http = createServer();
    const server = new WebSocketServer({
      server: http,
      maxPayload: payloadLimitFor(1_048_576),
      perMessageDeflate: false,
      ...(options.status === undefined
        ? {}
        : {
            verifyClient: (_info: unknown, done: (ok: boolean, code?: number) => void) => done(false, options.status),
          }),
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    return new Peer(http, server);
  }

  next(): Promise<WebSocket> {
    const ready = this.accepted.shift();
    return ready ? Promise.resolve(ready) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }
}

/** A link whose events are kept, and can be waited for. */
export class Observed {
  readonly log: string[] = [];
  readonly messages: Uint8Array[] = [];
  readonly failures: ConnectFailure[] = [];
  readonly endings: LinkEnding[] = [];
  readonly oversize: number[] = [];
  readonly faults: Error[] = [];
  readonly link: Link;
  #waiting: { done: () => boolean; resolve: () => void }[] = [];

  constructor(origin: ConstructorParameters<typeof Link>[0], options?: LinkOptions) {
    this.link = new Link(
      origin,
      {
        onOpen: () => this.#note("open"),
        onMessage: (bytes) => {
          this.messages.push(bytes);
          this.#note("message");
        },
        onOversize: (byteLength) => {
          this.oversize.push(byteLength);
          this.#note("oversize");
        },
        onConnectFailed: (failure) => {
          this.failures.push(failure);
          this.#note("connectFailed");
        },
        onClosed: (ending) => {
          this.endings.push(ending);
          this.#note("closed");
        },
        onFault: (error) => {
          this.faults.push(error);
          this.#note("fault");
        },
      },
      options,
    );
  }

  get texts(): string[] {
    return this.messages.map((bytes) => new TextDecoder().decode(bytes));
  }

  async until(done: () => boolean): Promise<void> {
    if (done()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ done, resolve }));
  }

  untilOpen(): Promise<void> {
    return this.until(() => this.log.includes("open"));
  }

  #note(what: string): void {
    this.log.push(what);
    this.#waiting = this.#waiting.filter(({ done, resolve }) => {
      if (!done()) return true;
      resolve();
      return false;
    });
  }
}

export function clientLink(url: string, options?: LinkOptions): Observed {
  const maxPayloadBytes = payloadLimitFor(options?.maxFrameBytes);
  return new Observed({ dial: (signal) => dial(url, { signal, maxPayloadBytes }) }, options);
}

export function serverLink(websocket: WebSocket, options?: LinkOptions): Observed {
  return new Observed({ socket: linkSocketFrom(websocket) }, options);
}

/** Two links that are connected with each other. */
export async function connected(peer: Peer, options?: LinkOptions): Promise<{ client: Observed; server: Observed }> {
  const client = clientLink(peer.url, options);
  client.link.open();
  const server = serverLink(await peer.next(), options);
  server.link.open();
  await client.untilOpen();
  return { client, server };
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The TCP connection under a `ws` socket. */
export function tcpOf(websocket: WebSocket): Socket {
  return (websocket as unknown as { readonly _socket: Socket })._socket;
}

/** A clock that only moves when told. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get pending(): number {
    return this.#timers.length;
  }

  advance(byMs: number): void {
    const until = this.#now + byMs;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = until;
  }

  /** Time passes while nothing of ours can run, then every timer fires late. */
  stall(forMs: number): void {
    this.#now += forMs;
    this.advance(0);
  }
}
