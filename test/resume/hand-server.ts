import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { until } from "../support/settled.ts";
import { HandConnection } from "./hand-connection.ts";

// Written out, and not taken from the code under test: this is the wire as the page has it.
const protocol = "trunkline.resume.v1";

/**
 * A server that speaks `trunkline.resume.v1` as a test tells it to, well-behaved or not. What a client says that it must
 * not say is noted, and fails the test when the server is closed.
 */
export class HandServer implements AsyncDisposable {
  /** Every request to upgrade, also those that were refused. */
  readonly upgrades: IncomingMessage[] = [];
  readonly connections: HandConnection[] = [];
  readonly url: string;
  /** What it selects where it is offered; undefined: nothing, as plain servers do. */
  selects: string | undefined = protocol;
  /** Answers upgrades with this status. */
  refuses: number | undefined;
  /** Leaves upgrades without an answer. */
  holds = false;
  /** Is told of a connection before anything is heard on it. */
  onConnection: (connection: HandConnection) => void = () => {};
  readonly #http: Server;
  readonly #acceptor: WebSocketServer;
  readonly #held: Duplex[] = [];

  private constructor(http: Server, answersPings: boolean) {
    this.#http = http;
    this.url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`;
    this.#acceptor = new WebSocketServer({
      noServer: true,
      autoPong: answersPings,
      perMessageDeflate: false,
      handleProtocols: (offered) => (this.selects !== undefined && offered.has(this.selects) ? this.selects : false),
    });
    http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  static async listen({ answersPings = true }: { readonly answersPings?: boolean } = {}): Promise<HandServer> {
    const http = createServer();
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    return new HandServer(http, answersPings);
  }

  /** The n-th connection, from 1. */
  async connection(n: number): Promise<HandConnection> {
    await until(() => this.connections.length >= n, `connection ${n}`);
    return this.connections[n - 1] as HandConnection;
  }

  /** The n-th request to upgrade, from 1. */
  async upgrade(n: number): Promise<IncomingMessage> {
    await until(() => this.upgrades.length >= n, `upgrade ${n}`);
    return this.upgrades[n - 1] as IncomingMessage;
  }

  /** How many connections the client has not left. */
  get live(): number {
    return this.connections.filter((connection) => connection.ending === undefined).length + this.heldUpgrades;
  }

  /** Upgrades without an answer whose client still waits. */
  get heldUpgrades(): number {
    return this.#held.filter((socket) => !socket.destroyed).length;
  }

  /** What clients have said that they must not say. */
  get complaints(): readonly string[] {
    return this.connections.flatMap((connection) => connection.complaints);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections) connection.cut();
    for (const socket of this.#held) socket.destroy();
    this.#acceptor.close();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
    if (this.complaints.length > 0) throw new Error(`The client broke the protocol: ${this.complaints.join("; ")}`);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.upgrades.push(request);
    socket.on("error", () => socket.destroy());
    if (this.holds) {
      // Reads on, or it would not notice that the client has gone.
      socket.on("end", () => socket.destroy()).resume();
      this.#held.push(socket);
    } else if (this.refuses !== undefined) {
      socket.end(`HTTP/1.1 ${this.refuses} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    } else {
      this.#acceptor.handleUpgrade(request, socket, head, (websocket) => {
        const connection = new HandConnection(websocket, request);
        this.connections.push(connection);
        this.onConnection(connection);
      });
    }
  }
}
