import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { type LinkOptions, resumeProtocol, type Seat, SessionDesk } from "../../src/proxy/link/index.ts";
import { linkSocketFrom } from "../../src/proxy/socket.ts";

export interface DeskServerOptions {
  readonly link?: LinkOptions | undefined;
  readonly maxSuspendedBytes?: number | undefined;
  readonly host?: string | undefined;
  /** Default: everybody is who they say they are. */
  isSamePrincipal?(known: unknown, given: unknown): boolean;
  /** A client has begun a session; `path` is where it has connected. */
  onSeat(seat: Seat, path: string): void;
}

/** A server of links alone: sessions that can be resumed, and nothing above them. */
export class DeskServer implements AsyncDisposable {
  readonly desk: SessionDesk;
  readonly #websockets: WebSocketServer;
  /** Hellos that were refused, by the cause. */
  readonly refused: string[] = [];

  private constructor(
    websockets: WebSocketServer,
    { onSeat, isSamePrincipal = () => true, ...options }: DeskServerOptions,
  ) {
    this.#websockets = websockets;
    this.desk = new SessionDesk({ ...options, isSamePrincipal });
    websockets.on("connection", (websocket, { url = "/" }) => {
      // Its end tells the link; nobody else needs to know.
      websocket.on("error", () => {});
      void this.desk.admit(linkSocketFrom(websocket), url).then((answer) => {
        if (answer.kind === "new") onSeat(answer.seat, url);
        if (answer.kind === "refused") this.refused.push(answer.cause);
      });
    });
  }

  static async listen(options: DeskServerOptions): Promise<DeskServer> {
    const websockets = new WebSocketServer({
      port: 0,
      host: options.host ?? "127.0.0.1",
      perMessageDeflate: false,
      handleProtocols: (offered) => offered.has(resumeProtocol) && resumeProtocol,
    });
    await once(websockets, "listening");
    return new DeskServer(websockets, options);
  }

  get url(): string {
    const { address, port } = this.#websockets.address() as AddressInfo;
    return `ws://${address}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#websockets.clients) client.terminate();
    await new Promise((resolve) => this.#websockets.close(resolve));
  }
}
