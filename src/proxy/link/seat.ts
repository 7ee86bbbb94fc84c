import { replacedCode } from "./close-codes.ts";
import { type UnresumableReason, writeControlFrame } from "./control-frame.ts";
import type { Absence, Beginning, LinkEnd, ResumableLink } from "./link-end.ts";
import type { LinkSocket } from "./link-socket.ts";
import type { SessionLostReason } from "./session-lost.ts";
import type { SessionTerms } from "./session-terms.ts";
import { TokenChain } from "./token-chain.ts";

/** Who hears of what happens at a seat. */
export interface SeatEvents {
  /** So many bytes wait for a client that is not there; undefined: it is there. */
  onWaiting(bytes: number | undefined): void;
  /** The session is over. */
  onFree(lost: SessionLostReason | undefined): void;
}

// A client that never acknowledged may never have got its welcome.
const unconfirmedWindowMs = 10_000;

/**
 * A server's half of a session, from the welcome to its end: where a client that comes back is known by `sid` and
 * `token`, and led to its link.
 *
 * The token is another one after every resume. The ones before are good as well until the client has acknowledged
 * something: it may not have heard of the new one.
 */
export class Seat implements LinkEnd {
  readonly terms: SessionTerms;
  readonly #events: SeatEvents;
  readonly #tokens = new TokenChain();
  #socket: LinkSocket;
  #link: ResumableLink | undefined;
  #retryMs: readonly [min: number, max: number] | undefined;

  constructor(terms: SessionTerms, socket: LinkSocket, events: SeatEvents) {
    this.terms = terms;
    this.#socket = socket;
    this.#events = events;
  }

  /** The connection for a link to begin with. */
  get socket(): LinkSocket {
    return this.#socket;
  }

  /** When the client is to come back, if the session ends because its server does. */
  get retryMs(): readonly [min: number, max: number] | undefined {
    return this.#retryMs;
  }

  get token(): string {
    return this.#tokens.newest;
  }

  /** From here on the link has the socket, and the seat leads to the link. */
  begin(link: ResumableLink): Beginning {
    this.#link = link;
    return { socket: this.#socket, terms: this.terms };
  }

  /** A server does not dial. */
  dial(): void {}

  // The welcome has been said.
  greeting(): undefined {}

  isProvenBy(token: string): boolean {
    return this.#tokens.has(token);
  }

  couldResumeAfter(received: number): boolean {
    return this.#link === undefined ? received === 0 : this.#link.couldResumeAfter(received);
  }

  /**
   * After {@link isProvenBy} this token and {@link couldResumeAfter}: goes on over another connection. False when it is
   * too late.
   */
  resume(socket: LinkSocket, received: number, shown: string): boolean {
    this.#tokens.renew(shown);
    const { token } = this;
    if (this.#link === undefined) {
      // Nothing of what the old one holds has been counted, so the client will send it again.
      this.#socket.close(replacedCode, "replaced");
      this.#socket.terminate();
      this.#socket = socket;
      socket.send(writeControlFrame({ t: "resumed", received: 0, token }));
      return true;
    }
    return this.#link.resume(socket, received, token);
  }

  lose(reason: UnresumableReason): void {
    if (this.#link !== undefined) {
      this.#link.lose(reason);
      return;
    }
    // A link that takes it later finds its connection gone.
    this.#socket.terminate();
    this.free(reason);
  }

  /** The client has acknowledged something on its present connection. */
  confirm(): void {
    this.#tokens.confirm();
  }

  /** The server is about to close: when the session is ended, the client is told to come back instead. */
  sendAway(retryMs: readonly [min: number, max: number]): void {
    this.#retryMs = retryMs;
  }

  /** Only clients go and come. */
  waitNext(): void {}

  comeBack({ terms: { windowMs }, confirmed, weight }: Absence): number {
    const waitMs = confirmed ? windowMs : Math.min(windowMs, unconfirmedWindowMs);
    if (waitMs > 0) this.weigh(weight);
    return waitMs;
  }

  weigh(bytes: number): void {
    this.#events.onWaiting(bytes);
  }

  stop(): void {
    this.#events.onWaiting(undefined);
  }

  /** The session is over. */
  free(lost: SessionLostReason | undefined): void {
    this.#events.onFree(lost);
  }
}
