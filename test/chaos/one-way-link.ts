import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { dial } from "../../src/proxy/dial.node.ts";
import { Link, type LinkCounters, type LinkEvents, resumeProtocol, SessionDesk } from "../../src/proxy/link/index.ts";
import { linkSocketFrom } from "../../src/proxy/socket.ts";
import { silentLinkEvents } from "../support/silent-link-events.ts";

export type LinkMode = "plain" | "resume";

/** Two links over loopback, in one mode or the other, for sending many messages from the client to the server. */
export class OneWayLink implements AsyncDisposable {
  readonly #websockets: WebSocketServer;
  readonly #client: Link;
  #server: Link | undefined;
  #left = 0;
  #arrived: () => void = () => {};

  private constructor(websockets: WebSocketServer, mode: LinkMode, onOpen: () => void) {
    this.#websockets = websockets;
    const desk = new SessionDesk({ isSamePrincipal: () => true });
    websockets.on("connection", (websocket) => {
      const socket = linkSocketFrom(websocket);
      if (mode === "plain") this.#serve(new Link({ socket }, this.#receiving()));
      else
        void desk.admit(socket, undefined).then((answer) => {
          if (answer.kind === "new") this.#serve(new Link(answer.seat, this.#receiving()));
        });
    });
    const { port } = websockets.address() as AddressInfo;
    const protocols = mode === "plain" ? [] : [resumeProtocol];
    this.#client = new Link(
      { dial: (signal) => dial(`ws://127.0.0.1:${port}`, { signal, protocols }) },
      { ...silentLinkEvents, onOpen },
      { resume: mode === "plain" ? "off" : "require" },
    );
  }

  static async open(mode: LinkMode): Promise<OneWayLink> {
    const websockets = new WebSocketServer({
      port: 0,
      host: "127.0.0.1",
      perMessageDeflate: false,
      handleProtocols: () => resumeProtocol,
    });
    await once(websockets, "listening");
    return await new Promise((resolve) => {
      const pair: OneWayLink = new OneWayLink(websockets, mode, () => resolve(pair));
      pair.#client.open();
    });
  }

  /** Of both ends together. */
  get frames(): number {
    return this.#client.counters.framesOut + (this.#server?.counters.framesOut ?? 0);
  }

  get client(): Readonly<LinkCounters> {
    return this.#client.counters;
  }

  /** Resolves when all have arrived. A sender that is told to wait waits. */
  async send(count: number, messageBytes: number): Promise<void> {
    const arrived = new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
    this.#left = count;
    for (let sent = 0; sent < count; sent += 1) await this.#client.send(new Uint8Array(messageBytes));
    await arrived;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.terminate();
    this.#server?.terminate();
    for (const client of this.#websockets.clients) client.terminate();
    await new Promise((resolve) => this.#websockets.close(resolve));
  }

  #serve(link: Link): void {
    this.#server = link;
    link.open();
  }

  #receiving(): LinkEvents {
    return {
      ...silentLinkEvents,
      onMessage: () => {
        this.#left -= 1;
        if (this.#left === 0) this.#arrived();
      },
    };
  }
}
