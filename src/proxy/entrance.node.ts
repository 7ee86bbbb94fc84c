import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { messageOf, TrunklineError } from "../errors.ts";
import { type Deferred, deferred, within } from "../util/index.ts";
import { AddressLimits } from "./address-limits.ts";
import { Admission, admissionOf } from "./admission.ts";
import { Arrivals } from "./arrivals.node.ts";
import { resumeProtocol } from "./link/index.ts";
import { logLine } from "./log-line.ts";
import { type Refusal, type RefusalCause, type RefusedData, refusals } from "./refusals.ts";
import { handshakeProblem, offers, pathOf, refuseUpgrade } from "./upgrade.ts";

/** Whom a server lets in. */
export interface EntranceOptions {
  /** The path clients connect to. Default `/ws`. */
  readonly path?: string | undefined;
  /**
   * Says who a client is, before anything is built for it. What it returns becomes `session.principal`; undefined,
   * null, false or an error refuses the client with 401. An {@link Admission} says too until when. Default: everybody
   * is let in.
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
  /**
   * How many connections one address may have at a time; more are refused with 429. As many sessions may wait for clients
   * that were there last; beyond that the one that has waited longest is lost (`pressure`). IPv6 addresses that share
   * their first 64 bits count as one. Behind a proxy all come from the same one: say `addressOf` too. Default 64.
   */
  readonly maxConnectionsPerAddress?: number | undefined;
  /**
   * The address of a client, for a server behind a proxy: from a header that the proxy sets, and that nobody can set who
   * does not come through it. Undefined: that of the socket. Default: always that of the socket; no header is believed.
   */
  readonly addressOf?: ((request: IncomingMessage) => string | undefined) | undefined;
  /** How long a socket may take from its connection to the end of its request's headers. Default 7,000. */
  readonly handshakeTimeoutMs?: number | undefined;
}

/** A client that may come in, with its connection as it was handed over. */
export interface Entry {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly admission: Admission;
  /** Undefined when it has none. */
  readonly address: string | undefined;
}

export interface EntranceInit {
  readonly http: Server;
  /** The HTTP server is the agents' own. */
  readonly own: boolean;
  readonly options: EntranceOptions;
  /** How many sessions there are, and clients that are about to have one. */
  sessionCount(): number;
  /** How many of them have a connection. */
  connectedCount(): number;
  /** Whether clients may, must or cannot come back to a session over the subprotocol for it. */
  readonly resume: "auto" | "require" | "off";
  onEntry(entry: Entry): void;
  onRefused(data: RefusedData): void;
  onError(error: TrunklineError, request: IncomingMessage): void;
}

const defaultHandshakeTimeoutMs = 7_000;
export const defaultMaxSessions = 1_000;
export const defaultMaxConnectionsPerAddress = 64;
const maxAddressLength = 128;

/**
 * Where clients of a server come in, or do not.
 *
 * 1. Nothing is built for a client that may not come in, and whoever is refused is told and counted, with the reason.
 * 2. What is cheap to check comes first; `authenticate` is asked last.
 * 3. The upgrades of other paths are left to whoever listens for them.
 */
export class Entrance {
  readonly path: string;
  readonly #init: EntranceInit;
  readonly #arrivals: Arrivals;
  readonly #addresses: AddressLimits;
  /** One for each client that is being authenticated, to be resolved when the server closes. */
  readonly #entering = new Set<Deferred<void>>();
  #closed = false;

  constructor(init: EntranceInit) {
    const { http, own, options } = init;
    const { maxConnectionsPerAddress = defaultMaxConnectionsPerAddress, handshakeTimeoutMs } = options;
    this.path = options.path ?? "/ws";
    this.#init = init;
    this.#addresses = new AddressLimits(maxConnectionsPerAddress);
    this.#arrivals = new Arrivals(http, {
      timeoutMs: handshakeTimeoutMs ?? defaultHandshakeTimeoutMs,
      own,
      // Behind a proxy, sockets have an address only once they have made their request.
      maxPerAddress: options.addressOf === undefined ? maxConnectionsPerAddress : Number.POSITIVE_INFINITY,
      onRefused: (refusal, address) => this.refused(refusal ?? "address", address),
    });
    http.on("upgrade", this.#upgrade);
    if (!own) return;
    http.on("drop", (socket) => this.refused("connections", socket?.remoteAddress));
    http.on("clientError", (error: NodeJS.ErrnoException, socket) => this.#unreadable(error, socket));
  }

  /** Lets nobody in any more; those who are at it are turned away. */
  close(): void {
    this.#closed = true;
    this.#init.http.off("upgrade", this.#upgrade);
    this.#arrivals.stop();
    for (const entry of this.#entering) entry.resolve();
  }

  /** Tells that a client was not let in; without an answer, when there is only a cause. */
  refused(what: Refusal | RefusalCause, address: string | undefined | false): void {
    const { status, cause } = typeof what === "string" ? { status: undefined, cause: what } : what;
    // It may be the words of a header.
    const shown = typeof address === "string" ? logLine(address, maxAddressLength) : undefined;
    this.#init.onRefused({ status, cause, address: shown });
  }

  readonly #upgrade = Object.assign(
    (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      this.#arrivals.letPass(socket);
      if (this.#isForOthers(request)) return;
      // A peer that hangs up in the middle has nobody to tell.
      socket.on("error", () => socket.destroy());
      this.#enter(request, socket, head).catch((cause: unknown) => {
        socket.destroy();
        const message = `A client could not be let in: ${messageOf(cause)}`;
        this.#init.onError(new TrunklineError("TL_SESSION_FAILED", message, { cause }), request);
      });
    },
    { owner: this },
  );

  /** At a server that is shared, each takes the upgrades of its own path; what nobody takes, one refuses. */
  #isForOthers(request: IncomingMessage): boolean {
    const path = pathOf(request);
    if (path === this.path) return false;
    const listeners = this.#init.http.listeners("upgrade");
    const ours = listeners.filter((listener) => "owner" in listener && listener.owner instanceof Entrance);
    if (ours.length < listeners.length || ours[0] !== this.#upgrade) return true;
    return ours.some((listener) => "owner" in listener && (listener.owner as Entrance).path === path);
  }

  async #enter(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const address = this.#addressOf(request);
    const refuse = (refusal: Refusal): void => {
      this.refused(refusal, address);
      refuseUpgrade(socket, refusal);
    };
    const refusal = address === false ? refusals.unknownAddress : this.#refusalOf(request);
    if (refusal !== undefined) return refuse(refusal);
    if (!this.#takePlace(socket, address)) return refuse(refusals.address);
    const turnedAway = deferred();
    this.#entering.add(turnedAway);
    try {
      const admission = await this.#authenticate(request, turnedAway.promise);
      if (socket.destroyed) return;
      if (this.#closed) return refuse(refusals.closing);
      if (admission === undefined) return refuse(refusals.credentials);
      this.#init.onEntry({ request, socket, head, admission, address: address || undefined });
    } finally {
      this.#entering.delete(turnedAway);
    }
  }

  /** The address a client is counted under, undefined when it has none; false when it could not be found out. */
  #addressOf(request: IncomingMessage): string | undefined | false {
    try {
      return this.#init.options.addressOf?.(request) || request.socket.remoteAddress;
    } catch (cause) {
      const message = `A client was refused because addressOf failed: ${messageOf(cause)}`;
      this.#init.onError(new TrunklineError("TL_HANDLER_FAILED", message, { cause }), request);
      return false;
    }
  }

  #takePlace(socket: Duplex, address: string | undefined | false): boolean {
    // A socket of the local machine that is no network address.
    if (address === undefined || address === false) return true;
    const leave = this.#addresses.enter(address);
    if (leave !== undefined) socket.once("close", leave);
    return leave !== undefined;
  }

  #refusalOf(request: IncomingMessage): Refusal | undefined {
    const { allowedOrigins = [], maxSessions = defaultMaxSessions } = this.#init.options;
    if (pathOf(request) !== this.path) return refusals.path;
    const problem = handshakeProblem(request);
    if (problem !== undefined) return problem;
    const { resume } = this.#init;
    const mayComeBack = resume !== "off" && offers(request, resumeProtocol);
    if (resume === "require" && !mayComeBack) return refusals.resume;
    const { origin } = request.headers;
    if (origin !== undefined && !allowedOrigins.includes(origin)) return refusals.origin;
    // Who may come back to a session need not be one more; whether it is, it says later.
    const { sessionCount, connectedCount } = this.#init;
    const isFull = mayComeBack
      ? connectedCount() + this.#entering.size >= 2 * maxSessions
      : sessionCount() + this.#entering.size >= maxSessions;
    if (isFull) return refusals.sessions;
    return undefined;
  }

  async #authenticate(request: IncomingMessage, turnedAway: Promise<void>): Promise<Admission | undefined> {
    const { authenticate, authenticateTimeoutMs = 10_000 } = this.#init.options;
    if (authenticate === undefined) return new Admission(undefined);
    let answer: unknown;
    try {
      const asked = Promise.resolve(authenticate(request)).then((principal) => {
        answer = principal;
      });
      const answered = await within(Promise.race([asked, turnedAway]), authenticateTimeoutMs);
      if (answered === "late") throw new Error("authenticate took too long");
    } catch (cause) {
      const message = `A client was refused because authenticate failed: ${messageOf(cause)}`;
      this.#init.onError(new TrunklineError("TL_HANDLER_FAILED", message, { cause }), request);
      return undefined;
    }
    return admissionOf(answer);
  }

  /** A request that the HTTP server could not read to its end. */
  #unreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
    const answered = "bytesWritten" in socket && socket.bytesWritten !== 0;
    if (answered || !socket.writable || error.code === "ECONNRESET") socket.destroy();
    else {
      const refusal = error.code === "HPE_HEADER_OVERFLOW" ? refusals.headers : refusals.malformed;
      this.refused(refusal, (socket as Socket).remoteAddress);
      refuseUpgrade(socket, refusal);
    }
  }
}
