import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { FaultProxy, type FaultProxyOptions } from "trunkline/testing/node";
import { until } from "../support/settled.ts";

/** One end of a connection, and everything it sees. */
export class TcpEnd {
  readonly socket: Socket;
  readonly chunks: Buffer[] = [];
  readonly seen: string[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => void this.chunks.push(bytes));
    socket.on("end", () => void this.seen.push("end"));
    socket.on("error", (error: Error & { code?: string }) => void this.seen.push(error.code ?? error.message));
    socket.on("close", () => void this.seen.push("close"));
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString("latin1");
  }

  async sees(what: string): Promise<void> {
    await until(() => this.seen.includes(what), `${what}; seen: ${this.seen.join(", ")}`);
  }

  async has(text: string): Promise<void> {
    await until(() => this.text === text, `the text ${text.slice(0, 40)}; there is ${this.text.slice(0, 40)}`);
  }
}

/** A TCP server with a fault proxy in front of it. */
export class TcpWorld implements AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly served: TcpEnd[] = [];
  readonly #server: ReturnType<typeof createServer>;
  readonly #clients: TcpEnd[] = [];

  private constructor(server: ReturnType<typeof createServer>, proxy: FaultProxy) {
    this.#server = server;
    this.proxy = proxy;
    server.on("connection", (socket: Socket) => void this.served.push(new TcpEnd(socket)));
  }

  static async open(options: FaultProxyOptions = {}): Promise<TcpWorld> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = await FaultProxy.listen({ port: (server.address() as AddressInfo).port }, options);
    return new TcpWorld(server, proxy);
  }

  /** A client, perhaps before it has reached the server. */
  async dial(): Promise<TcpEnd> {
    const socket = connect({ port: this.proxy.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const client = new TcpEnd(socket);
    this.#clients.push(client);
    await until(() => !socket.connecting, "the client being connected");
    return client;
  }

  /** A client and what the server has of it. */
  async pair(): Promise<readonly [client: TcpEnd, server: TcpEnd]> {
    const n = this.served.length + 1;
    const client = await this.dial();
    await this.proxy.connected(n);
    await until(() => this.served.length === n, "the server having the connection");
    return [client, this.served[n - 1] as TcpEnd];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    for (const { socket } of [...this.#clients, ...this.served]) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
