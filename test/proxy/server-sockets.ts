import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ClientOptions, WebSocket } from "ws";
import { until } from "../support/settled.ts";

/** The headers of a handshake as a browser would begin it. */
export const handshakeLines = (path = "/ws"): readonly string[] => [
  `GET ${path} HTTP/1.1`,
  "Host: 127.0.0.1",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];

export const asRequest = (lines: readonly string[]): string => `${lines.join("\r\n")}\r\n\r\n`;

/** A TCP connection that says what it likes, and keeps what it hears. */
export class RawSocket implements AsyncDisposable {
  readonly socket: Socket;
  readonly #begun = performance.now();
  heard = "";
  /** How long the connection has lasted; undefined while it does. */
  lastedMs: number | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (data) => {
      this.heard += data.toString("latin1");
    });
    socket.once("close", () => {
      this.lastedMs = performance.now() - this.#begun;
    });
  }

  static async connected(port: number, localAddress = "127.0.0.1"): Promise<RawSocket> {
    const raw = new RawSocket(connect({ port, host: "127.0.0.1", localAddress }));
    await once(raw.socket, "connect");
    return raw;
  }

  /** Says something, and resolves with the status of the answer. */
  async ask(text: string): Promise<number> {
    this.socket.write(text);
    await until(() => this.heard.includes("\r\n\r\n"), "an answer");
    return Number(this.heard.split(" ")[1]);
  }

  async closed(): Promise<number> {
    await until(() => this.lastedMs !== undefined, "the end of the connection", 12_000);
    return this.lastedMs ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed();
  }
}

/** The status a client gets; 101 when it was let in, and then it stays as long as `socket` is open. */
export async function knock(url: string, options: ClientOptions = {}): Promise<Knocking> {
  const socket = new WebSocket(url, options);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("unexpected-response", (request, response) => {
      resolve(response.statusCode);
      response.resume();
      request.destroy();
    });
    socket.once("open", () => resolve(101));
  });
  socket.on("error", () => {});
  return {
    status,
    socket,
    async [Symbol.asyncDispose]() {
      if (socket.readyState === WebSocket.CLOSED || status !== 101) return;
      socket.terminate();
      await once(socket, "close");
    },
  };
}

export interface Knocking extends AsyncDisposable {
  readonly status: number | undefined;
  readonly socket: WebSocket;
}
