import { TrunklineError } from "../../errors.ts";
import { longestTimeoutMs } from "../../util/index.ts";
import { Backoff } from "./backoff.ts";
import { type Hello, type Resumed, resumeProtocol, type Welcome } from "./control-frame.ts";
import type { LinkCounters } from "./counters.ts";
import { type ConnectFailure, type Dial, Dialer, type DialWish } from "./dialer.ts";
import { sayHello } from "./greeting.ts";
import type { LinkSocket } from "./link-socket.ts";
import type { ResolvedLinkOptions } from "./options.ts";

/** An open connection, and what the server has answered to hello; nothing in plain mode. */
export interface Connection {
  readonly socket: LinkSocket;
  readonly answer: Welcome | Resumed | undefined;
}

export interface ConnectorEvents {
  onConnected(connection: Connection): void;
  /** When there is no other attempt, `retryInMs` is undefined. */
  onFailure(failure: ConnectFailure): void;
}

/** What a client says of the session it comes back to. */
export interface Return {
  readonly sid: string;
  readonly token: string;
  readonly received: number;
}

/**
 * The client's way to a connection: dials, says hello where the server knows the protocol, and waits in between.
 *
 * The waits grow over attempts and over connections, until one connection was stable. A server that goes away may say
 * when to come back, which is obeyed once.
 */
export class Connector {
  readonly #dial: Dial;
  readonly #options: ResolvedLinkOptions;
  readonly #counters: LinkCounters;
  readonly #events: ConnectorEvents;
  readonly #backoff: Backoff;
  #dialer: Dialer<Connection> | undefined;
  /** The server selects the protocol and does not speak it, as servers do that select whatever is offered. */
  #isUnspoken = false;
  #connectedAt: number;
  #retryMs: readonly [min: number, max: number] | undefined;

  constructor(dial: Dial, options: ResolvedLinkOptions, counters: LinkCounters, events: ConnectorEvents) {
    this.#dial = dial;
    this.#options = options;
    this.#counters = counters;
    this.#events = events;
    this.#connectedAt = options.clock.now();
    this.#backoff = new Backoff({ ...options.backoff, random: options.random });
  }

  /** The next time it comes back after a random time between these two. */
  waitNext(retryMs: readonly [min: number, max: number]): void {
    this.#retryMs = retryMs;
  }

  /** Connects for the first time. */
  begin(): void {
    this.#start(undefined, this.#options.connectAttempts, 0);
  }

  /** Connects again after a cut, for as long as nobody says stop. */
  comeBack(back: Return): void {
    const { clock, backoff } = this.#options;
    if (clock.now() - this.#connectedAt >= backoff.stableMs) this.#backoff.reset();
    this.#start(back, Number.POSITIVE_INFINITY, this.#pauseMs());
  }

  stop(): void {
    this.#dialer?.stop();
    this.#dialer = undefined;
  }

  #pauseMs(): number {
    const window = this.#retryMs;
    if (window === undefined) return this.#backoff.nextDelayMs();
    this.#retryMs = undefined;
    const [min, max] = window;
    return Math.min(longestTimeoutMs, min + this.#options.random() * (max - min));
  }

  #start(back: Return | undefined, connectAttempts: number, afterMs: number): void {
    const { clock, connectTimeoutMs } = this.#options;
    this.#dialer = new Dialer<Connection>({
      clock,
      connectTimeoutMs,
      connectAttempts,
      backoff: this.#backoff,
      dial: (signal) => this.#connect(back, signal),
      // A server that can resume sessions may be back at the next attempt, where there is one to resume.
      isFinal: ({ code }) =>
        finalErrors.has(code) ||
        (code === "TL_RESUME_UNAVAILABLE" && this.#options.resume === "require" && back === undefined),
      onAttempt: () => {
        this.#counters.connectAttempts += 1;
      },
      onConnected: (connection) => {
        this.#dialer = undefined;
        this.#connectedAt = clock.now();
        this.#events.onConnected(connection);
      },
      onUnwanted: ({ socket }) => socket.terminate(),
      onFailure: (failure) => {
        this.#counters.connectFailures += 1;
        this.#events.onFailure(failure);
      },
    });
    this.#dialer.start(afterMs);
  }

  #wish(back: Return | undefined): DialWish {
    const { resume } = this.#options;
    if (back !== undefined || resume === "require") return "require";
    return resume === "off" || this.#isUnspoken ? "off" : "offer";
  }

  async #connect(back: Return | undefined, signal: AbortSignal): Promise<Connection> {
    const wish = this.#wish(back);
    const socket = await this.#dial(signal, wish);
    if (signal.aborted) {
      socket.terminate();
      throw new TrunklineError("TL_CONNECT_FAILED", "Connecting was given up.");
    }
    if (socket.protocol === resumeProtocol) return { socket, answer: await this.#greet(socket, back, signal) };
    if (wish !== "require") return { socket, answer: undefined };
    socket.close(1000, "sessions are wanted that can be resumed");
    socket.terminate();
    const message = "The server does not resume sessions, and this client is to have one that it does.";
    throw new TrunklineError("TL_RESUME_UNAVAILABLE", message);
  }

  async #greet(socket: LinkSocket, back: Return | undefined, signal: AbortSignal): Promise<Welcome | Resumed> {
    const { clock } = this.#options;
    const hello: Hello =
      back === undefined
        ? { t: "hello", resume: undefined, received: 0 }
        : { t: "hello", resume: { sid: back.sid, token: back.token }, received: back.received };
    const askedAt = clock.now();
    const answer = await sayHello(socket, hello, signal, clock).catch((error: unknown) => {
      this.#isUnspoken = error instanceof TrunklineError && error.code === "TL_RESUME_UNAVAILABLE";
      throw error;
    });
    this.#counters.roundTripMs = clock.now() - askedAt;
    return answer;
  }
}

const finalErrors: ReadonlySet<string> = new Set(["TL_INVALID_OPTION", "TL_LINK_REFUSED"]);
