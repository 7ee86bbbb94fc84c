/** Servers that answer an offered subprotocol in every way there is, and sockets whose listeners keep what they hear. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import type { LinkSocketHandlers, SocketEnding } from "../../src/proxy/link/index.ts";

export const offered = "trunkline.resume.v1";

/** A WebSocket with the platform's methods and no others. */
export class StandardWebSocket {
  readonly #inner: WebSocket;

  constructor(url: string, protocols: string[]) {
    this.#inner = new WebSocket(url, protocols);
  }

  get readyState() {
    return this.#inner.readyState;
  }
  get bufferedAmount() {
    return this.#inner.bufferedAmount;
  }
  get protocol() {
    return this.#inner.protocol;
  }
  set binaryType(type: "arraybuffer") {
    this.#inner.binaryType = type;
  }
  addEventListener(type: "open", listener: () => void) {
    this.#inner.addEventListener(type, listener);
  }
  removeEventListener(type: "open", listener: () => void) {
    this.#inner.removeEventListener(type, listener);
  }
  send(data: Uint8Array | string) {
    this.#inner.send(data);
  }
  close(code?: number, reason?: string) {
    // The standard one does not report an error to those who have taken their listener away.
    this.#inner.on("error", () => undefined);
    this.#inner.close(code, reason);
  }
}

/** Which of the offered subprotocols a server selects; false for none. Without it, the library selects the first. */
export type Selection = (names: Set<string>) => string | false;

/** A real server, on loopback, that keeps what it was asked. */
export class AskedServer implements AsyncDisposable {
  /** Of each handshake, in order: its path, and what it offered. */
  readonly asked: string[] = [];
  readonly accepted: WebSocket[] = [];
  /** Decides about a handshake before the subprotocol: false refuses it with 403. After a 401 Node's own WebSocket asks again. */
  admits: () => boolean | Promise<boolean> = () => true;
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();
  readonly #upgraded = new Set<Socket>();

  private constructor(http: Server, select: Selection | undefined) {
    this.#http = http;
    const server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      ...(select === undefined ? {} : { handleProtocols: select }),
    });
    http.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    });
    http.on("upgrade", async (request: IncomingMessage, socket: Socket, head) => {
      this.asked.push(`${request.url} ${request.headers["sec-websocket-protocol"] ?? "-"}`);
      this.#upgraded.add(socket);
      socket.on("close", () => this.#upgraded.delete(socket));
      // Read while it waits, or nobody learns that the client has gone.
      socket.resume().once("end", () => socket.end());
      if (!(await this.admits())) {
        socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
      }
      if (socket.destroyed) return;
      server.handleUpgrade(request, socket, head, (websocket) => {
        websocket.on("error", () => undefined);
        this.accepted.push(websocket);
      });
    });
  }

  static async listen(select?: Selection, port = 0): Promise<AskedServer> {
    const http = createServer().listen(port, "127.0.0.1");
    await once(http, "listening");
    return new AskedServer(http, select);
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** Connections that have asked for a WebSocket. A platform may keep others open, to be faster with the next. */
  get connections(): number {
    return this.#upgraded.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#http.close();
    await once(this.#http, "close");
  }
}

/** A server that speaks the handshake by hand: `answer` gives header lines of its own, and what follows them at once. */
export class HandServer implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly sockets: Socket[] = [];
  readonly url: string;
  readonly #tcp;

  private constructor(tcp: ReturnType<typeof createTcpServer>) {
    this.#tcp = tcp;
    this.url = `ws://127.0.0.1:${(tcp.address() as AddressInfo).port}/ws`;
  }

  static async listen(lines: readonly string[], behind: Uint8Array = new Uint8Array()): Promise<HandServer> {
    const tcp = createTcpServer().listen(0, "127.0.0.1");
    await once(tcp, "listening");
    const server = new HandServer(tcp);
    tcp.on("connection", (socket) => {
      server.sockets.push(socket);
      socket.on("error", () => undefined);
      let request = "";
      const read = (chunk: Buffer) => {
        request += chunk.toString("latin1");
        if (!request.endsWith("\r\n\r\n")) return;
        socket.off("data", read).resume();
        server.requests.push(request);
        const key = /^sec-websocket-key: (.*)$/im.exec(request)?.[1] ?? "";
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        const head = [
          "HTTP/1.1 101 Switching Protocols",
          "Upgrade: websocket",
          "Connection: Upgrade",
          `Sec-WebSocket-Accept: ${accept}`,
          ...lines,
        ];
        socket.write(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), behind]));
      };
      socket.on("data", read);
    });
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#tcp.close();
    await once(this.#tcp, "close");
  }
}

/** Listens to a socket and keeps what it hears. */
export class Listener implements LinkSocketHandlers {
  readonly heard: string[] = [];
  readonly endings: SocketEnding[] = [];
  readonly failures: Error[] = [];
  drains = 0;
  bytes = 0;
  /** Called with each frame after it was kept. */
  readonly #then: (text: string) => void;

  constructor(then: (text: string) => void = () => undefined) {
    this.#then = then;
  }

  onMessage(data: Uint8Array, kind: "binary" | "text"): void {
    this.bytes += data.byteLength;
    // Enough to know a large frame by.
    const text = `${kind} ${new TextDecoder().decode(data.subarray(0, 16))}`;
    this.heard.push(text);
    this.#then(text);
  }

  onDrain(): void {
    this.drains += 1;
  }

  onFailing(error: Error): void {
    this.failures.push(error);
    this.heard.push("failing");
  }

  onClose(ending: SocketEnding): void {
    this.endings.push(ending);
    this.heard.push(`end ${ending.code}`);
  }
}
