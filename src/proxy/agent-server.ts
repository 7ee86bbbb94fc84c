import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { messageOf, TrunklineError } from "../errors.ts";
import { type Deferred, deferred, Emitter, type EventHandler, within } from "../util/index.ts";
import { type LinkOptions, payloadLimitFor } from "./link/index.ts";
import { Session, type SessionSetup } from "./session.ts";
import { linkSocketFrom } from "./socket.ts";
import { pathOf, type Refusal, refuseUpgrade } from "./upgrade.ts";

/** Whom a server lets in, and what its sessions are given. */
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
  /** How long setting up a session may take. Default 30,000. */
  readonly setupTimeoutMs?: number | undefined;
  /** How many sessions there may be at a time; more are refused with 503. Default 1,000. */
  readonly maxSessions?: number | undefined;
  /** Sizes, times and limits of each connection. */
  readonly link?: LinkOptions | undefined;
}

/** What a server tells those that listen with `on`. */
export interface AgentServerEvents {
  /** Something failed in a session, or in letting one in. Without a handler it is written to the console. */
  error: { readonly error: TrunklineError; readonly sessionId: string | undefined };
}

const unknownRefusal: Refusal = { status: 401, message: "These credentials are not accepted." };
const closingRefusal: Refusal = { status: 503, message: "The server is closing. Try again later." };

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
  readonly #stopListening: (() => Promise<void>) | undefined;
  readonly #path: string;
  readonly #acceptor: WebSocketServer;
  readonly #sessions = new Map<Session, Promise<void>>();
  readonly #events = new Emitter<AgentServerEvents>((error) =>
    console.error("trunkline: a server handler failed", error),
  );
  /** One for each client that is being authenticated, to be resolved when the server closes. */
  readonly #entering = new Set<Deferred<void>>();
  #closing: Promise<void> | undefined;

  /** Takes the upgrades of an HTTP server; one that is its own it closes by `stopListening`. */
  constructor(http: Server, options: SessionServerOptions, setup: SessionSetup, stopListening?: () => Promise<void>) {
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
    // Running out of file descriptors, say, must not end the program.
    if (stopListening !== undefined) http.on("error", (cause) => this.#failed(cause));
  }

  /** The port it listens on. */
  get port(): number {
    return this.#address.port;
  }

  /** Where clients connect: `ws://127.0.0.1:8765/ws`. */
  get url(): string {
    const { address, port } = this.#address;
    const scheme = "setSecureContext" in this.#http ? "wss" : "ws";
    return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}${this.#path}`;
  }

  /** How many sessions there are now. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Adds a handler; the returned function takes it away again. */
  on<E extends keyof AgentServerEvents>(event: E, handler: EventHandler<AgentServerEvents[E]>): () => void {
    return this.#events.on(event, handler);
  }

  /** Lets nobody in any more and ends the sessions: gracefully for `graceMs` (default 10,000), then at once. */
  close({ graceMs = defaultGraceMs }: { readonly graceMs?: number | undefined } = {}): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number): Promise<void> {
    this.#http.off("upgrade", this.#upgrade);
    const stopped = this.#stopListening?.();
    for (const entry of this.#entering) entry.resolve();
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

  readonly #upgrade = Object.assign(
    (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (this.#isForOthers(request)) return;
      // A peer that hangs up in the middle has nobody to tell.
      socket.on("error", () => socket.destroy());
      this.#enter(request, socket, head).catch((cause: unknown) => {
        socket.destroy();
        this.#failed(cause);
      });
    },
    { owner: this },
  );

  /** At a server that is shared, each takes the upgrades of its own path; what nobody takes, one refuses. */
  #isForOthers(request: IncomingMessage): boolean {
    const path = pathOf(request);
    if (path === this.#path) return false;
    const listeners = this.#http.listeners("upgrade");
    const ours = listeners.filter((listener) => "owner" in listener && listener.owner instanceof AgentServer);
    if (ours.length < listeners.length || ours[0] !== this.#upgrade) return true;
    return ours.some((listener) => "owner" in listener && (listener.owner as AgentServer).#path === path);
  }

  async #enter(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) return refuseUpgrade(socket, refusal);
    const turnedAway = deferred();
    this.#entering.add(turnedAway);
    try {
      const entry = await this.#authenticate(request, turnedAway.promise);
      if (socket.destroyed) return;
      if (this.#closing !== undefined) return refuseUpgrade(socket, closingRefusal);
      if (!entry.allowed) return refuseUpgrade(socket, unknownRefusal);
      this.#acceptor.handleUpgrade(request, socket, head, (websocket) => {
        this.#begin(request, websocket, entry.principal);
      });
    } finally {
      this.#entering.delete(turnedAway);
    }
  }

  #refusalOf(request: IncomingMessage): Refusal | undefined {
    const { allowedOrigins = [], maxSessions = 1_000 } = this.#options;
    if (pathOf(request) !== this.#path) return { status: 404, message: "There is nothing at this path." };
    const { origin } = request.headers;
    if (origin !== undefined && !allowedOrigins.includes(origin)) {
      return { status: 403, message: "Pages of this origin may not connect." };
    }
    if (this.#sessions.size + this.#entering.size >= maxSessions) {
      return { status: 503, message: "There are as many sessions as there may be. Try again later." };
    }
    return undefined;
  }

  async #authenticate(
    request: IncomingMessage,
    turnedAway: Promise<void>,
  ): Promise<{ readonly allowed: boolean; readonly principal: unknown }> {
    const { authenticate, authenticateTimeoutMs = 10_000 } = this.#options;
    if (authenticate === undefined) return { allowed: true, principal: undefined };
    let principal: unknown;
    try {
      const asked = Promise.resolve(authenticate(request)).then((answer) => {
        principal = answer;
      });
      const answered = await within(Promise.race([asked, turnedAway]), authenticateTimeoutMs);
      if (answered === "late") throw new Error("authenticate took too long");
    } catch (cause) {
      const message = `A client was refused because authenticate failed: ${messageOf(cause)}`;
      this.#report(new TrunklineError("TL_HANDLER_FAILED", message, { cause }), undefined);
      return { allowed: false, principal: undefined };
    }
    return { allowed: principal !== undefined && principal !== null && principal !== false, principal };
  }

  #begin(request: IncomingMessage, websocket: WebSocket, principal: unknown): void {
    const { link, setupTimeoutMs } = this.#options;
    const session: Session = new Session({
      socket: linkSocketFrom(websocket),
      request,
      principal,
      link,
      setupTimeoutMs,
      onError: (error) => this.#report(error, session.id),
    });
    websocket.once("close", () => session.clientLeft());
    const ended = session
      .run(this.#setup)
      .catch((cause: unknown) => this.#failed(cause, session.id))
      .finally(() => this.#sessions.delete(session));
    this.#sessions.set(session, ended);
  }

  #failed(cause: unknown, sessionId?: string): void {
    const what = sessionId === undefined ? "A client could not be let in" : "A session could not be ended";
    this.#report(new TrunklineError("TL_SESSION_FAILED", `${what}: ${messageOf(cause)}`, { cause }), sessionId);
  }

  #report(error: TrunklineError, sessionId: string | undefined): void {
    if (this.#events.has("error")) void this.#events.emit("error", { error, sessionId });
    else console.error(error);
  }
}
