import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { messageOf, TrunklineError } from "../errors.ts";
import { Emitter, type EventHandler, within } from "../util/index.ts";
import { type LinkOptions, payloadLimitFor } from "./link/index.ts";
import { Session, type SessionSetup } from "./session.ts";
import { linkSocketFrom } from "./socket.ts";
import { pathOf, type Refusal, refuseUpgrade } from "./upgrade.ts";

export interface SessionServerOptions {
  /** The path clients connect to. Default `/ws`. */
  readonly path?: string | undefined;
  /**
   * Says who a client is, before anything is built for it. What it returns becomes `session.principal`; undefined,
   * null, false or an error refuses the client with 401. Default: everybody is let in.
   */
  readonly authenticate?: ((request: IncomingMessage) => unknown) | undefined;
  /** How long `authenticate` may take. Default 10,000. */
  readonly authenticateTimeoutMs?: number | undefined;
  /**
   * The web pages that may connect, by origin (`https://app.example`). Clients that are no browsers send none and are
   * not asked. Default: no page may.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** How many sessions there may be at a time; more are refused with 503. Default 1,000. */
  readonly maxSessions?: number | undefined;
  /** Sizes, times and limits of each connection. */
  readonly link?: LinkOptions | undefined;
}

export interface AgentServerEvents {
  /** Something failed in a session, or in letting one in. Without a handler it is written to the console. */
  error: { readonly error: TrunklineError; readonly sessionId: string | undefined };
}

/** How long a server that closes waits for its sessions to end by themselves, unless told otherwise. */
const defaultGraceMs = 10_000;

/**
 * Lets clients in and gives each a session of its own.
 *
 * 1. A client is checked (path, origin, room, credentials) before anything is built for it.
 * 2. What fails in one session does not touch another.
 * 3. After `close` there is no session, no socket and no listener left.
 */
export class AgentServer implements AsyncDisposable {
  readonly #http: Server;
  readonly #setup: SessionSetup;
  readonly #options: SessionServerOptions;
  readonly #stopListening: () => Promise<void>;
  readonly #path: string;
  readonly #acceptor: WebSocketServer;
  readonly #sessions = new Map<Session, Promise<void>>();
  readonly #events = new Emitter<AgentServerEvents>((error) =>
    console.error("trunkline: a server handler failed", error),
  );
  #entering = 0;
  #closing: Promise<void> | undefined;

  /** Takes the upgrades of an HTTP server; `stopListening` is what `close` does with that server. */
  constructor(
    http: Server,
    options: SessionServerOptions,
    setup: SessionSetup,
    stopListening: () => Promise<void> = async () => {},
  ) {
    this.#http = http;
    this.#setup = setup;
    this.#options = options;
    this.#stopListening = stopListening;
    this.#path = options.path ?? "/ws";
    this.#acceptor = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: payloadLimitFor(options.link?.maxFrameBytes),
      perMessageDeflate: false,
      // A subprotocol that is offered and not spoken here is not selected.
      handleProtocols: () => false,
    });
    http.on("upgrade", this.#upgrade);
  }

  /** The port it listens on. */
  get port(): number {
    return this.#address.port;
  }

  /** Where clients connect: `ws://127.0.0.1:8765/ws`. */
  get url(): string {
    const { address, port } = this.#address;
    return `ws://${address.includes(":") ? `[${address}]` : address}:${port}${this.#path}`;
  }

  /** How many sessions there are now. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  on<E extends keyof AgentServerEvents>(event: E, handler: EventHandler<AgentServerEvents[E]>): () => void {
    return this.#events.on(event, handler);
  }

  /** Lets nobody in any more and ends the sessions: gracefully for `graceMs` (default 10,000), then at once. */
  close({ graceMs = defaultGraceMs }: { readonly graceMs?: number | undefined } = {}): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number): Promise<void> {
    this.#http.off("upgrade", this.#upgrade);
    const stopped = this.#stopListening();
    await Promise.all([...this.#sessions].map(([session, ended]) => session.end(ended, graceMs)));
    await stopped;
  }

  get #address(): { readonly address: string; readonly port: number } {
    const address = this.#http.address();
    if (address !== null && typeof address === "object") return address;
    throw new TrunklineError(
      "TL_SERVER_CLOSED",
      "The server does not listen on a port: it is closed, or was never opened.",
    );
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // A peer that hangs up in the middle has nobody to tell.
    socket.on("error", () => socket.destroy());
    this.#enter(request, socket, head).catch((cause: unknown) => {
      socket.destroy();
      const message = `A client could not be let in: ${messageOf(cause)}`;
      this.#report(new TrunklineError("TL_SESSION_FAILED", message, { cause }), undefined);
    });
  };

  async #enter(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) return refuseUpgrade(socket, refusal);
    this.#entering += 1;
    try {
      const entry = await this.#authenticate(request);
      if (socket.destroyed) return;
      if (!entry.allowed || this.#closing !== undefined) {
        return refuseUpgrade(socket, { status: 401, message: "These credentials are not accepted." });
      }
      this.#acceptor.handleUpgrade(request, socket, head, (websocket) => {
        this.#begin(request, websocket, entry.principal);
      });
    } finally {
      this.#entering -= 1;
    }
  }

  #refusalOf(request: IncomingMessage): Refusal | undefined {
    const { allowedOrigins = [], maxSessions = 1_000 } = this.#options;
    if (pathOf(request) !== this.#path) return { status: 404, message: "There is nothing at this path." };
    const { origin } = request.headers;
    if (origin !== undefined && !allowedOrigins.includes(origin)) {
      return { status: 403, message: "Pages of this origin may not connect." };
    }
    if (this.#sessions.size + this.#entering >= maxSessions) {
      return { status: 503, message: "There are as many sessions as there may be. Try again later." };
    }
    return undefined;
  }

  async #authenticate(request: IncomingMessage): Promise<{ readonly allowed: boolean; readonly principal: unknown }> {
    const { authenticate, authenticateTimeoutMs = 10_000 } = this.#options;
    if (authenticate === undefined) return { allowed: true, principal: undefined };
    let principal: unknown;
    try {
      const asked = Promise.resolve(authenticate(request)).then((answer) => {
        principal = answer;
      });
      if ((await within(asked, authenticateTimeoutMs)) === "late") throw new Error("authenticate took too long");
    } catch (cause) {
      const message = `A client was refused because authenticate failed: ${messageOf(cause)}`;
      this.#report(new TrunklineError("TL_HANDLER_FAILED", message, { cause }), undefined);
      return { allowed: false, principal: undefined };
    }
    return { allowed: principal !== undefined && principal !== null && principal !== false, principal };
  }

  #begin(request: IncomingMessage, websocket: WebSocket, principal: unknown): void {
    const session: Session = new Session({
      socket: linkSocketFrom(websocket),
      request,
      principal,
      link: this.#options.link,
      onError: (error) => this.#report(error, session.id),
    });
    const ended = session.run(this.#setup).finally(() => this.#sessions.delete(session));
    this.#sessions.set(session, ended);
  }

  #report(error: TrunklineError, sessionId: string | undefined): void {
    if (this.#events.has("error")) void this.#events.emit("error", { error, sessionId });
    else console.error(error);
  }
}
