import { violationCode } from "./close-codes.ts";
import { type Connection, Connector } from "./connector.ts";
import type { ControlFrame, Welcome } from "./control-frame.ts";
import type { LinkCounters } from "./counters.ts";
import type { ConnectFailure } from "./dialer.ts";
import type { Absence, Beginning, ClientOrigin, LinkEnd } from "./link-end.ts";
import type { LinkSocket } from "./link-socket.ts";
import type { ResolvedLinkOptions } from "./options.ts";
import type { SessionLostReason } from "./session-lost.ts";
import { acceptedTerms, type SessionTerms } from "./session-terms.ts";

export interface ClientEndEvents {
  onConnected(beginning: Beginning): void;
  /** The server has our session, and has received so many frames. False: it cannot have. */
  onReturned(socket: LinkSocket, received: number): boolean;
  /** There is no coming back; the successor is the session that the server has begun instead. */
  onLost(reason: SessionLostReason, successor?: ClientOrigin): void;
  onFailure(failure: ConnectFailure): void;
}

/**
 * The end that dials, and comes back to its session by `sid` and token; or that was handed its one connection, and has
 * no way to another.
 */
export class ClientEnd implements LinkEnd {
  readonly retryMs = undefined;
  readonly #origin: ClientOrigin;
  readonly #options: ResolvedLinkOptions;
  readonly #connector: Connector | undefined;
  readonly #events: ClientEndEvents;
  #token = "";
  #isComingBack = false;

  constructor(origin: ClientOrigin, options: ResolvedLinkOptions, counters: LinkCounters, events: ClientEndEvents) {
    this.#origin = origin;
    this.#options = options;
    this.#events = events;
    if (origin.dial === undefined) return;
    this.#connector = new Connector(origin.dial, options, counters, {
      onConnected: (connection) => this.#connected(connection),
      onFailure: (failure) => events.onFailure(failure),
    });
  }

  begin(): Beginning | undefined {
    if (!("socket" in this.#origin)) return undefined;
    const { socket, welcome } = this.#origin;
    return { socket, terms: this.#accept(welcome) };
  }

  dial(): void {
    this.#connector?.begin();
  }

  // At once, so that the server knows that its welcome has arrived.
  greeting(received: number): ControlFrame {
    return { t: "ack", received };
  }

  confirm(): void {}

  waitNext(retryMs: readonly [min: number, max: number]): void {
    this.#connector?.waitNext(retryMs);
  }

  comeBack({ terms, received }: Absence): number {
    if (this.#connector === undefined) return 0;
    this.#isComingBack = true;
    if (terms.windowMs > 0) this.#connector.comeBack({ sid: terms.sid, token: this.#token, received });
    return terms.windowMs;
  }

  weigh(): void {}

  stop(): void {
    this.#connector?.stop();
  }

  free(): void {}

  #connected({ socket, answer }: Connection): void {
    if (answer?.t === "resumed") {
      this.#token = answer.token;
      if (this.#events.onReturned(socket, answer.received)) return;
      socket.close(violationCode, "received is out of range");
      socket.terminate();
      this.#events.onLost("violation");
    } else if (this.#isComingBack) {
      this.#events.onLost(answer?.lost ?? "unknown", { socket, welcome: answer, dial: this.#origin.dial });
    } else this.#events.onConnected({ socket, terms: this.#accept(answer) });
  }

  #accept(welcome: Welcome | undefined): SessionTerms | undefined {
    if (welcome === undefined) return undefined;
    this.#token = welcome.token;
    return acceptedTerms(welcome, this.#options);
  }
}
