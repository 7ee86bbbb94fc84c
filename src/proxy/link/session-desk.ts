import { badTokenCode, forbiddenCode, overloadCode } from "./close-codes.ts";
import { type Hello, isUnresumableReason, type UnresumableReason, writeControlFrame } from "./control-frame.ts";
import { hearHello, sendAway } from "./greeting.ts";
import type { LinkSocket } from "./link-socket.ts";
import { type LinkOptions, type ResolvedLinkOptions, resolveLinkOptions } from "./options.ts";
import { Seat } from "./seat.ts";
import { newSecret } from "./secret.ts";
import type { SessionLostReason } from "./session-lost.ts";
import { grantedTerms, welcomeOf } from "./session-terms.ts";

export interface SessionDeskOptions {
  readonly link?: LinkOptions | undefined;
  /** What may wait for clients that are not there, over all sessions, in bytes. Default 256 MiB. */
  readonly maxSuspendedBytes?: number | undefined;
  /** True when these credentials are those a session began with. */
  isSamePrincipal(known: unknown, given: unknown): boolean;
  /** False when there is no room for one more session. Default: there always is. */
  hasRoom?(): boolean;
  /** A session was lost, and its client did not end it. */
  onLost?(reason: SessionLostReason): void;
}

/** What became of a client that said hello. */
export type DeskAnswer =
  | { readonly kind: "new"; readonly seat: Seat }
  | { readonly kind: "resumed"; readonly sid: string }
  | { readonly kind: "refused"; readonly cause: "hello" | "token" | "principal" | "overload" };

/** What a server knows of its sessions that can be resumed. */
export interface SessionDeskCounters {
  /** Sessions that have a connection or wait for one. */
  readonly seats: number;
  /** Those that wait. */
  readonly suspended: number;
  /** What waits in them, in bytes. */
  readonly suspendedBytes: number;
  readonly resumed: number;
}

interface Guest {
  readonly seat: Seat;
  readonly principal: unknown;
}

interface Loss {
  readonly reason: UnresumableReason;
  readonly atMs: number;
}

// Lost sessions whose reason is told to those who come back. Of others it is "unknown".
const maxRemembered = 10_000;
const defaultMaxSuspendedBytes = 268_435_456;

/**
 * Where clients of a server say hello: gives a new session a seat, and leads a client that comes back to its own.
 *
 * 1. Everything is checked before anything changes: the credentials of this connection, the token, the numbers.
 * 2. What waits for clients that are not there is bounded over all sessions. Those who have been gone longest, and have
 *    something waiting, go first.
 * 3. It knows only its own sessions. At another server, or after a restart, a session is unknown.
 */
export class SessionDesk {
  readonly #options: SessionDeskOptions;
  readonly #link: ResolvedLinkOptions;
  readonly #guests = new Map<string, Guest>();
  /** For as long as a client may come back; the oldest first. */
  readonly #lost = new Map<string, Loss>();
  /** In the order in which they began to wait. */
  readonly #suspended = new Map<string, number>();
  #suspendedBytes = 0;
  #resumed = 0;

  constructor(options: SessionDeskOptions) {
    this.#options = options;
    this.#link = resolveLinkOptions(options.link);
  }

  get counters(): SessionDeskCounters {
    return {
      seats: this.#guests.size,
      suspended: this.#suspended.size,
      suspendedBytes: this.#suspendedBytes,
      resumed: this.#resumed,
    };
  }

  /** Hears what the client wants, and answers. */
  async admit(socket: LinkSocket, principal: unknown): Promise<DeskAnswer> {
    const hello = await hearHello(socket, this.#link.clock);
    if (hello === undefined) return { kind: "refused", cause: "hello" };
    if (hello.resume === undefined) return this.#welcome(socket, principal);
    const guest = this.#guests.get(hello.resume.sid);
    if (guest === undefined)
      return this.#welcome(socket, principal, this.#lost.get(hello.resume.sid)?.reason ?? "unknown");
    return this.#comeBack(guest, socket, principal, hello.resume, hello.received);
  }

  #comeBack(
    guest: Guest,
    socket: LinkSocket,
    principal: unknown,
    { sid, token }: NonNullable<Hello["resume"]>,
    received: number,
  ): DeskAnswer {
    const { seat } = guest;
    if (!this.#options.isSamePrincipal(guest.principal, principal)) {
      return this.#refuse(socket, forbiddenCode, "principal");
    }
    if (!seat.isProvenBy(token)) return this.#refuse(socket, badTokenCode, "token");
    if (!seat.couldResumeAfter(received)) {
      seat.lose("mismatch");
      return this.#welcome(socket, principal, "mismatch");
    }
    if (!seat.resume(socket, received, token)) return this.#welcome(socket, principal, "unknown");
    this.#resumed += 1;
    return { kind: "resumed", sid };
  }

  #welcome(socket: LinkSocket, principal: unknown, lost?: UnresumableReason): DeskAnswer {
    if (this.#options.hasRoom?.() === false) return this.#refuse(socket, overloadCode, "overload");
    const terms = grantedTerms(newSecret(), this.#link);
    const { sid } = terms;
    const seat = new Seat(terms, socket, {
      onWaiting: (bytes) => this.#waiting(sid, bytes),
      onFree: (reason) => this.#free(sid, reason),
    });
    this.#guests.set(sid, { seat, principal });
    socket.send(writeControlFrame(welcomeOf(terms, seat.token, lost)));
    return { kind: "new", seat };
  }

  #refuse(socket: LinkSocket, code: number, cause: "token" | "principal" | "overload"): DeskAnswer {
    sendAway(socket, code, reasons[cause], this.#link.clock);
    return { kind: "refused", cause };
  }

  #waiting(sid: string, bytes: number | undefined): void {
    this.#suspendedBytes += (bytes ?? 0) - (this.#suspended.get(sid) ?? 0);
    if (bytes === undefined) {
      this.#suspended.delete(sid);
      return;
    }
    this.#suspended.set(sid, bytes);
    const { maxSuspendedBytes = defaultMaxSuspendedBytes } = this.#options;
    for (const [oldest, held] of this.#suspended) {
      if (this.#suspendedBytes <= maxSuspendedBytes) return;
      if (held > 0) this.#guests.get(oldest)?.seat.lose("pressure");
    }
  }

  #free(sid: string, reason: SessionLostReason | undefined): void {
    this.#waiting(sid, undefined);
    if (!this.#guests.delete(sid) || reason === undefined) return;
    this.#options.onLost?.(reason);
    // What else there may be to say, the client knows without asking.
    if (!isUnresumableReason(reason)) return;
    const { clock, windowMs } = this.#link;
    this.#lost.set(sid, { reason, atMs: clock.now() });
    for (const [oldest, { atMs }] of this.#lost) {
      if (this.#lost.size <= maxRemembered && clock.now() - atMs < windowMs) return;
      this.#lost.delete(oldest);
    }
  }
}

const reasons = {
  token: "wrong token",
  principal: "not the principal of this session",
  overload: "no room for another session",
};
