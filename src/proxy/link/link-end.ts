import type { ControlFrame, UnresumableReason, Welcome } from "./control-frame.ts";
import type { Dial } from "./dialer.ts";
import type { LinkSocket } from "./link-socket.ts";
import type { SessionLostReason } from "./session-lost.ts";
import type { SessionTerms } from "./session-terms.ts";

/** What is said before anything else over a connection, where so many frames have been received. */
export type Greet = (received: number) => ControlFrame | undefined;

/** A connection that is there, and the terms of the session over it; none in plain mode. */
export interface Beginning {
  readonly socket: LinkSocket;
  readonly terms: SessionTerms | undefined;
}

/** What a client that comes back is led to. */
export interface ResumableLink {
  /** True for a number of received frames that a returning client may name. */
  couldResumeAfter(received: number): boolean;
  /** False when it is too late for that. */
  resume(socket: LinkSocket, received: number, token: string): boolean;
  /** Ends the session, which cannot be resumed any more. */
  lose(reason: UnresumableReason): void;
}

/** A session that is without a connection. */
export interface Absence {
  readonly terms: SessionTerms;
  /** How many frames have been received in it. */
  readonly received: number;
  /** True when the peer has ever acknowledged anything in it. */
  readonly confirmed: boolean;
  /** What waits for the next connection, in bytes. */
  readonly weight: number;
}

/**
 * One end of a link, as far as the ends differ: how it comes to a connection, and to the next one when that is gone.
 */
export interface LinkEnd {
  /** When the peer is to come back if the session is ended; undefined: it ends for good. */
  readonly retryMs: readonly [min: number, max: number] | undefined;
  /** Gives up its connection to the link. Undefined: there is none, and it is dialed for. */
  begin(link: ResumableLink): Beginning | undefined;
  dial(): void;
  /** What is said first on a new session's connection. */
  greeting(received: number): ControlFrame | undefined;
  /** The peer has acknowledged something on the present connection. */
  confirm(): void;
  /** The peer goes away, and says when it may be tried again. */
  waitNext(retryMs: readonly [min: number, max: number]): void;
  /** Gets another connection, or waits for one. Returns for how long that is worth it, in milliseconds. */
  comeBack(absence: Absence): number;
  /** So many bytes wait for the next connection now. */
  weigh(bytes: number): void;
  /** There is a connection again, or none is wanted any more. */
  stop(): void;
  /** The session is over. */
  free(lost: SessionLostReason | undefined): void;
}

/**
 * Where a link gets its connection: it dials for one, or it is handed one, with the server's welcome if there is a
 * session, and a way to dial for the next.
 */
export type ClientOrigin =
  | { readonly dial: Dial }
  | { readonly socket: LinkSocket; readonly welcome?: Welcome | undefined; readonly dial?: Dial | undefined };

/** Or it stands at the server's end of a session. */
export type LinkOrigin = ClientOrigin | LinkEnd;
