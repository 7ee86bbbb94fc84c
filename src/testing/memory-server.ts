import { TrunklineError } from "../errors.ts";
import type { LinkOptions, ProxyDial } from "../proxy/index.ts";
import { resumeProtocol, SessionDesk } from "../proxy/link/index.ts";
import { MemoryLinkSocket } from "./memory-link-socket.ts";
import { type SocketPair, type SocketPairOptions, socketPair } from "./socket-pair.ts";

export interface MemoryServerOptions extends Pick<SocketPairOptions, "delayTurns"> {
  readonly link?: LinkOptions | undefined;
  /** A session begins; `websocket` is for its proxy. */
  onSession(websocket: unknown): void;
}

/**
 * Where clients connect in memory: agrees on the subprotocol as `serveAgents` does, begins sessions, and leads clients
 * that come back to theirs.
 */
export class MemoryServer {
  readonly #options: MemoryServerOptions;
  readonly #desk: SessionDesk;
  readonly #connections: SocketPair[] = [];
  #refuses = false;

  constructor(options: MemoryServerOptions) {
    this.#options = options;
    this.#desk = new SessionDesk({ link: options.link, isSamePrincipal: () => true });
  }

  /** All there ever were, the newest last. */
  get connections(): readonly SocketPair[] {
    return this.#connections;
  }

  refuse(): void {
    this.#refuses = true;
  }

  allow(): void {
    this.#refuses = false;
  }

  /** Cuts every connection and lets nobody in any more. */
  end(): void {
    this.#refuses = true;
    for (const connection of this.#connections) connection.cut();
  }

  readonly dial: ProxyDial = (_url, { protocols = [] }) => {
    const { link: { resume = "auto" } = {}, delayTurns, onSession } = this.#options;
    if (this.#refuses) throw refused("The server in memory lets nobody in.");
    const agreed = resume !== "off" && protocols.includes(resumeProtocol);
    if (!agreed && resume === "require") throw refused("The server in memory takes only sessions that can be resumed.");
    const connection = socketPair({ delayTurns, protocol: agreed ? resumeProtocol : "" });
    this.#connections.push(connection);
    if (agreed) void this.#greet(connection);
    else onSession(connection.server);
    return connection.client;
  };

  async #greet({ server }: SocketPair): Promise<void> {
    const answer = await this.#desk.admit(new MemoryLinkSocket(server), undefined);
    if (answer.kind === "new") this.#options.onSession(answer.seat);
  }
}

function refused(message: string): TrunklineError {
  return new TrunklineError("TL_CONNECT_FAILED", message);
}
