import type { Server } from "node:http";
import { WebSocketServer } from "ws";
import { messageOf, TrunklineError } from "../errors.ts";
import { Emitter, type EventHandler } from "../util/index.ts";
import { BoundedLog } from "./bounded-log.ts";
import {
  defaultMaxConnectionsPerAddress,
  defaultMaxSessions,
  Entrance,
  type EntranceOptions,
  type Entry,
} from "./entrance.node.ts";
import { errorLine, type RequestSecrets } from "./error-line.ts";
import { payloadLimitFor, resumeProtocol } from "./link/index.ts";
import type { RefusedData } from "./refusals.ts";
import { newServerCounters, type ServerCounters } from "./server-counters.ts";
import type { SessionSetup } from "./session.ts";
import { Sessions, type SessionsOptions } from "./sessions.node.ts";

/** Whom a server lets in, and what its sessions are given. */
export interface SessionServerOptions extends EntranceOptions, SessionsOptions {}

/** How a server ends. */
export interface ServerCloseOptions {
  /** How long sessions may take to end by themselves. Default 10,000. */
  readonly graceMs?: number | undefined;
  /**
   * When clients whose session could be resumed are told to come back, in milliseconds from then: each chooses a time
   * between these two. Default from 1,000 to 5,000.
   */
  readonly retryMs?: readonly [min: number, max: number] | undefined;
}

/** What a server tells those that listen with `on`. */
export interface AgentServerEvents {
  /**
   * Something failed in a session, or in letting one in. It may quote a client. Without a handler it is written to the
   * console: one line, cleaned, and at most one a second for each code.
   */
  error: { readonly error: TrunklineError; readonly sessionId: string | undefined };
  /** A client was not let in. */
  refused: RefusedData;
}

/** How long a server that closes waits for its sessions to end by themselves, unless told otherwise. */
const defaultGraceMs = 10_000;

const defaultRetryMs: readonly [min: number, max: number] = [1_000, 5_000];

/**
 * Lets clients in and gives each a session of its own.
 *
 * After `close` there is no session, no socket and no listener left.
 */
export class AgentServer implements AsyncDisposable {
  readonly #http: Server;
  readonly #stopListening: (() => Promise<void>) | undefined;
  readonly #entrance: Entrance;
  readonly #acceptor: WebSocketServer;
  readonly #sessions: Sessions;
  readonly #counters = newServerCounters();
  readonly #log = new BoundedLog();
  readonly #events = new Emitter<AgentServerEvents>((cause, event) => this.#handlerFailed(cause, event));
  #closing: Promise<void> | undefined;

  /** Takes the upgrades of an HTTP server; one that is its own it closes by `stopListening`. */
  constructor(http: Server, options: SessionServerOptions, setup: SessionSetup, stopListening?: () => Promise<void>) {
    this.#http = http;
    this.#stopListening = stopListening;
    const { resume = "auto", maxFrameBytes } = options.link ?? {};
    this.#acceptor = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: payloadLimitFor(maxFrameBytes),
      perMessageDeflate: false,
      // A subprotocol that is offered and not spoken here is not selected.
      handleProtocols: (offered) => resume !== "off" && offered.has(resumeProtocol) && resumeProtocol,
    });
    this.#sessions = new Sessions({
      options,
      maxSessions: options.maxSessions ?? defaultMaxSessions,
      maxSuspendedPerAddress: options.maxConnectionsPerAddress ?? defaultMaxConnectionsPerAddress,
      setup,
      counters: this.#counters,
      onSentAway: (cause, address) => this.#entrance.refused(cause === "overload" ? "sessions" : cause, address),
      onError: (error, sessionId, requests) => this.#report(error, sessionId, requests),
    });
    this.#entrance = new Entrance({
      http,
      own: stopListening !== undefined,
      options,
      sessionCount: () => this.#sessions.expected,
      connectedCount: () => this.#sessions.connected,
      resume,
      onEntry: (entry) => this.#accept(entry),
      onRefused: (data) => this.#refused(data),
      onError: (error, request) => this.#report(error, undefined, [request]),
    });
    // Running out of file descriptors, say, must not end the program.
    if (stopListening !== undefined) http.on("error", (cause) => this.#failed("A client could not be let in", cause));
  }

  /** The port it listens on. */
  get port(): number {
    return this.#address.port;
  }

  /** Where clients connect: `ws://127.0.0.1:8765/ws`. */
  get url(): string {
    const { address, port } = this.#address;
    const scheme = "setSecureContext" in this.#http ? "wss" : "ws";
    return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}${this.#entrance.path}`;
  }

  /** How many sessions there are now. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** What it has counted since it began. */
  get counters(): ServerCounters {
    const { size: sessions, suspended, suspendedBytes, resumed } = this.#sessions;
    const { refused, lost, plain } = this.#counters;
    return { refused: { ...refused }, lost: { ...lost }, plain, resumed, sessions, suspended, suspendedBytes };
  }

  /** Adds a handler; the returned function takes it away again. */
  on<E extends keyof AgentServerEvents>(event: E, handler: EventHandler<AgentServerEvents[E]>): () => void {
    return this.#events.on(event, handler);
  }

  /**
   * Lets nobody in any more and ends the sessions: gracefully for `graceMs`, then at once. Clients of sessions that could
   * be resumed are sent away, not all at once, to come back; they find that their session is not known any more.
   */
  close({ graceMs = defaultGraceMs, retryMs = defaultRetryMs }: ServerCloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(graceMs, retryMs);
    return this.#closing;
  }

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number, retryMs: readonly [min: number, max: number]): Promise<void> {
    this.#entrance.close();
    const stopped = this.#stopListening?.();
    await this.#sessions.end(graceMs, retryMs);
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

  #accept({ socket, head, ...arrival }: Entry): void {
    this.#acceptor.handleUpgrade(arrival.request, socket, head, (websocket) => {
      this.#sessions.begin({ ...arrival, websocket });
    });
  }

  #refused(data: RefusedData): void {
    this.#counters.refused[data.cause] += 1;
    if (this.#events.has("refused")) void this.#events.emit("refused", data);
  }

  #failed(what: string, cause: unknown): void {
    this.#report(new TrunklineError("TL_SESSION_FAILED", `${what}: ${messageOf(cause)}`, { cause }));
  }

  #report(error: TrunklineError, sessionId?: string, requests?: readonly RequestSecrets[]): void {
    if (this.#events.has("error")) void this.#events.emit("error", { error, sessionId });
    else this.#log.write(error.code, () => errorLine(error, requests));
  }

  #handlerFailed(cause: unknown, event: string): void {
    const message = `A handler of the server's "${event}" failed: ${messageOf(cause)}`;
    const error = new TrunklineError("TL_HANDLER_FAILED", message, { cause });
    this.#log.write(`handler of ${event}`, () => errorLine(error));
  }
}
