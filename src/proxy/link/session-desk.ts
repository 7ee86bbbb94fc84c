import { Absences } from "./absences.ts";
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
  /** How many sessions may wait for clients that were last at the same address. Default: any number. */
  readonly maxSuspendedPerAddress?: number | undefined;
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
  /** Where it was last. */
  address: string | undefined;
}

interface Caller {
  readonly socket: LinkSocket;
  readonly principal: unknown;
  readonly address: string | undefined;
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
 *    something waiting, go first. Likewise how many sessions wait for clients of one address, whatever waits in them.
 * 3. It knows only its own sessions. At another server, or after a restart, a session is unknown.
 */
export class SessionDesk {
  readonly #options: SessionDeskOptions;
  readonly #link: ResolvedLinkOptions;
  readonly #guests = new Map<string, Guest>();
  /** For as long as a client may come back; the oldest first. */
  readonly #lost = new Map<string, Loss>();
  readonly #suspended = new Absences();
  #resumed = 0;

  constructor(options: SessionDeskOptions) {
    this.#options = options;
    this.#link = resolveLinkOptions(options.link);
  }

  get counters(): SessionDeskCounters {
    return {
      seats: this.#guests.size,
      suspended: this.#suspended.size,
      suspendedBytes: this.#suspended.bytes,
      resumed: this.#resumed,
    };
  }

  /** Hears what the client wants, and answers. Clients of one address count together, whatever it looks like. */
  async admit(socket: LinkSocket, principal: unknown, address?: string): Promise<DeskAnswer> {
    const hello = await hearHello(socket, this.#link.clock);
    if (hello === undefined) return { kind: "refused", cause: "hello" };
    const caller: Caller = { socket, principal, address };
    if (hello.resume === undefined) return this.#welcome(caller);
    const guest = this.#guests.get(hello.resume.sid);
    if (guest === undefined) return this.#welcome(caller, this.#lost.get(hello.resume.sid)?.reason ?? "unknown");
    return this.#comeBack(guest, caller, hello.resume, hello.received);
  }

  #comeBack(guest: Guest, caller: Caller, { sid, token }: NonNullable<Hello["resume"]>, received: number): DeskAnswer {
    const { seat } = guest;
    const { socket, principal, address } = caller;
    if (!this.#options.isSamePrincipal(guest.principal, principal)) {
      return this.#refuse(socket, forbiddenCode, "principal");
    }
    if (!seat.isProvenBy(token)) return this.#refuse(socket, badTokenCode, "token");
    if (!seat.couldResumeAfter(received)) {
      seat.lose("mismatch");
      return this.#welcome(caller, "mismatch");
    }
    guest.address = address;
    if (!seat.resume(socket, received, token)) return this.#welcome(caller, "unknown");
    this.#resumed += 1;
    return { kind: "resumed", sid };
  }

  #welcome({ socket, principal, address }: Caller, lost?: UnresumableReason): DeskAnswer {
    if (this.#options.hasRoom?.() === false) return this.#refuse(socket, overloadCode, "overload");
    const terms = grantedTerms(newSecret(), this.#link);
    const { sid } = terms;
    const seat = new Seat(terms, socket, {
      onWaiting: (bytes) => this.#waiting(sid, bytes),
      onFree: (reason) => this.#free(sid, reason),
    });
    this.#guests.set(sid, { seat, principal, address });
    socket.send(writeControlFrame(welcomeOf(terms, seat.token, lost)));
    return { kind: "new", seat };
  }

  #refuse(socket: LinkSocket, code: number, cause: "token" | "principal" | "overload"): DeskAnswer {
    sendAway(socket, code, reasons[cause], this.#link.clock);
    return { kind: "refused", cause };
  }

  #waiting(sid: string, bytes: number | undefined): void {
    if (bytes === undefined) {
      this.#suspended.delete(sid);
      return;
    }
    this.#suspended.set(sid, bytes, this.#guests.get(sid)?.address);
    const { maxSuspendedBytes = defaultMaxSuspendedBytes, maxSuspendedPerAddress = Number.POSITIVE_INFINITY } =
      this.#options;
    const neighbours = this.#suspended.neighboursOf(sid);
    this.#makeRoom(neighbours, () => neighbours.size > maxSuspendedPerAddress);
    this.#makeRoom(this.#suspended.holding(), () => this.#suspended.bytes > maxSuspendedBytes);
  }

  /** Those that have waited longest are lost. */
  #makeRoom(oldestFirst: Iterable<string>, tooMuch: () => boolean): void {
    if (!tooMuch()) return;
    for (const oldest of oldestFirst) {
      this.#guests.get(oldest)?.seat.lose("pressure");
      if (!tooMuch()) return;
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
