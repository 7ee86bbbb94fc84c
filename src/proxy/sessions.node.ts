import type { IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { messageOf, TrunklineError } from "../errors.ts";
import { networkOf } from "./address-limits.ts";
import type { Admission } from "./admission.ts";
import type { RequestSecrets } from "./error-line.ts";
import { Expiry } from "./expiry.ts";
import {
  type DeskAnswer,
  expiredCredentialsCode,
  type LinkOptions,
  type LinkSocket,
  resumeProtocol,
  type Seat,
  SessionDesk,
} from "./link/index.ts";
import type { OwnServerCounters } from "./server-counters.ts";
import { Session, type SessionSetup } from "./session.ts";
import { linkSocketFrom } from "./socket.ts";

/** What sessions are given, and how many there may be. */
export interface SessionsOptions {
  /** How long setting up a session may take. Default 30,000. */
  readonly setupTimeoutMs?: number | undefined;
  /**
   * True when these principals are the same: the one a session began with, and the one that wants to go on with it.
   * Default: they are equal in all their parts.
   */
  readonly samePrincipal?: ((known: unknown, given: unknown) => boolean) | undefined;
  /**
   * How many bytes may wait for clients whose connection is gone, over all sessions. Those who have been gone longest
   * are lost first (`pressure`). Default 256 MiB.
   */
  readonly maxSuspendedBytes?: number | undefined;
  /** Sizes, times and limits of each connection. */
  readonly link?: LinkOptions | undefined;
}

/** What is used here of a WebSocket that was accepted. */
interface AcceptedSocket {
  once(event: "close", listener: () => void): unknown;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** A client that was let in. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly websocket: AcceptedSocket;
  readonly admission: Admission;
  /** Undefined when it has none. */
  readonly address: string | undefined;
}

export interface SessionsInit {
  readonly options: SessionsOptions;
  readonly maxSessions: number;
  /** How many sessions may wait for clients of one address. */
  readonly maxSuspendedPerAddress: number;
  readonly setup: SessionSetup;
  readonly counters: OwnServerCounters;
  /** A client of this address was let in, and had no business here after all. */
  onSentAway(cause: Extract<DeskAnswer, { readonly kind: "refused" }>["cause"], address: string | undefined): void;
  /** An error that may quote these requests. */
  onError(error: TrunklineError, sessionId: string | undefined, requests: readonly RequestSecrets[]): void;
}

/** How long a client whose credentials have expired has for its goodbye. */
const defaultGoodbyeMs = 1_000;
/** Clients of a server that closes are sent away one by one, and no faster than this. */
const spreadMs = 10;

/**
 * Turns the connections of clients that were let in into sessions, and keeps these.
 *
 * 1. A client that comes back is led to its session; everybody else gets a new one.
 * 2. What fails in one session does not touch another.
 * 3. Nobody stays longer than the credentials are good for. With fresh ones the session goes on.
 */
export class Sessions {
  readonly #init: SessionsInit;
  readonly #desk: SessionDesk;
  readonly #sessions = new Map<Session, Promise<void>>();
  /** Those that can be resumed, by `sid`. */
  readonly #resumable = new Map<string, Session>();
  readonly #greeting = new Set<AcceptedSocket>();

  constructor(init: SessionsInit) {
    this.#init = init;
    const { link, maxSuspendedBytes, samePrincipal } = init.options;
    this.#desk = new SessionDesk({
      link,
      maxSuspendedBytes,
      maxSuspendedPerAddress: init.maxSuspendedPerAddress,
      isSamePrincipal: samePrincipal ?? isDeepStrictEqual,
      hasRoom: () => this.#sessions.size < init.maxSessions,
      onLost: (reason) => {
        init.counters.lost[reason] += 1;
      },
    });
  }

  /** How many there are, those that wait for their client among them. */
  get size(): number {
    return this.#sessions.size;
  }

  /** How many there may be when all who say hello now have said it. */
  get expected(): number {
    return this.#sessions.size + this.#greeting.size;
  }

  /** How many of those have a connection. The others have a place kept that their client may come back to. */
  get connected(): number {
    return this.expected - this.#desk.counters.suspended;
  }

  get suspended(): number {
    return this.#desk.counters.suspended;
  }

  get suspendedBytes(): number {
    return this.#desk.counters.suspendedBytes;
  }

  get resumed(): number {
    return this.#desk.counters.resumed;
  }

  /** Where a connection becomes a session, or goes on with one. */
  begin(arrival: Arrival): void {
    const { websocket, admission } = arrival;
    const socket = linkSocketFrom(websocket);
    this.#limitStay(websocket, admission.expiresAt);
    if (socket.protocol === resumeProtocol) {
      this.#greet(arrival, socket).catch((cause: unknown) => {
        websocket.terminate();
        this.#failed("A client could not be let in", cause, undefined, [arrival.request]);
      });
      return;
    }
    this.#init.counters.plain += 1;
    const session = this.#open(arrival, { socket });
    websocket.once("close", () => session.clientLeft());
  }

  /** Lets all of them finish, for at most `graceMs`; their clients are told to come back in a while. */
  async end(graceMs: number, retryMs: readonly [min: number, max: number]): Promise<void> {
    for (const websocket of this.#greeting) websocket.terminate();
    const apartMs = Math.min(spreadMs, graceMs / 2 / Math.max(1, this.#sessions.size));
    const endings = [...this.#sessions].map(async ([session, ended], index) => {
      const waitMs = Math.floor(index * apartMs);
      if (waitMs > 0) await pause(waitMs);
      await session.end(ended, Math.max(0, graceMs - waitMs), retryMs);
    });
    await Promise.all(endings);
  }

  async #greet(arrival: Arrival, socket: LinkSocket): Promise<void> {
    const { websocket, admission, address } = arrival;
    this.#greeting.add(websocket);
    try {
      const answer = await this.#desk.admit(socket, admission.principal, address && networkOf(address));
      if (answer.kind === "new") this.#openAt(answer.seat, arrival);
      if (answer.kind === "resumed") this.#resumable.get(answer.sid)?.cameBack(arrival.request);
      if (answer.kind === "refused") this.#init.onSentAway(answer.cause, address);
    } finally {
      this.#greeting.delete(websocket);
    }
  }

  #openAt(seat: Seat, arrival: Arrival): void {
    const { sid } = seat.terms;
    const session = this.#open(arrival, seat);
    this.#resumable.set(sid, session);
    session.signal.addEventListener("abort", () => this.#resumable.delete(sid), { once: true });
  }

  #open({ request, admission }: Arrival, origin: Seat | { readonly socket: LinkSocket }): Session {
    const { options, setup, counters, onError } = this.#init;
    const { link, setupTimeoutMs } = options;
    const { principal } = admission;
    const session: Session = new Session({
      origin,
      request,
      principal,
      link,
      setupTimeoutMs,
      onError: (error) => onError(error, session.id, session.requests),
      onBroken: () => {
        counters.lost.plain += 1;
      },
    });
    const ended = session
      .run(setup)
      .catch((cause: unknown) => this.#failed("A session could not be ended", cause, session.id, session.requests))
      .finally(() => this.#sessions.delete(session));
    this.#sessions.set(session, ended);
    return session;
  }

  #limitStay(websocket: AcceptedSocket, expiresAt: number | undefined): void {
    if (expiresAt === undefined) return;
    const goodbyeMs = this.#init.options.link?.closeTimeoutMs ?? defaultGoodbyeMs;
    const expiry = new Expiry(expiresAt, () => {
      websocket.close(expiredCredentialsCode, "credentials expired");
      // A client that does not answer would be listened to for as long as it likes.
      const cut = setTimeout(() => websocket.terminate(), goodbyeMs);
      websocket.once("close", () => clearTimeout(cut));
    });
    websocket.once("close", () => expiry.cancel());
  }

  #failed(what: string, cause: unknown, sessionId: string | undefined, requests: readonly RequestSecrets[]): void {
    const error = new TrunklineError("TL_SESSION_FAILED", `${what}: ${messageOf(cause)}`, { cause });
    this.#init.onError(error, sessionId, requests);
  }
}
