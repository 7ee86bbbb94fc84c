import { messageOf, TrunklineError } from "../../errors.ts";
import { type LinkedAbort, linkAbort } from "../../util/index.ts";
import { backoffDelayMs } from "./backoff.ts";
import type { LinkSocket } from "./link-socket.ts";
import type { ResolvedLinkOptions } from "./options.ts";

/** Opens one connection, or rejects. Ends what it has begun when the signal fires. */
export type Dial = (signal: AbortSignal) => Promise<LinkSocket>;

/** An attempt to connect that failed. */
export interface ConnectFailure {
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly error: TrunklineError;
  /** When the next attempt begins; undefined when this was the last. */
  readonly retryInMs: number | undefined;
}

export interface DialerEvents {
  onAttempt(): void;
  onConnected(socket: LinkSocket): void;
  onFailure(failure: ConnectFailure): void;
}

type DialerState =
  | { readonly name: "dialing"; readonly abort: LinkedAbort; readonly cancelTimeout: () => void }
  | { readonly name: "waiting"; readonly cancelTimer: () => void }
  | { readonly name: "ended" };

/**
 * Dials until it is connected, told to stop, or out of attempts.
 *
 * 1. One dial is in flight at most.
 * 2. It has ended once it was connected, was stopped or gave up: no timer, and no socket that nobody has.
 * 3. A dial that does not settle in time counts as failed, and a socket it brings later is cut.
 * 4. An option that is wrong (`TL_INVALID_OPTION`) is not tried again; everything else is.
 */
export class Dialer {
  readonly #dial: Dial;
  readonly #options: ResolvedLinkOptions;
  readonly #events: DialerEvents;
  #failures = 0;
  #state: DialerState = { name: "ended" };

  constructor(dial: Dial, options: ResolvedLinkOptions, events: DialerEvents) {
    this.#dial = dial;
    this.#options = options;
    this.#events = events;
  }

  start(): void {
    if (this.#state.name === "ended") this.#attempt();
  }

  stop(): void {
    const state = this.#state;
    this.#state = { name: "ended" };
    if (state.name === "waiting") state.cancelTimer();
    if (state.name !== "dialing") return;
    state.cancelTimeout();
    state.abort.abort();
  }

  #attempt(): void {
    const abort = linkAbort();
    const { clock, connectTimeoutMs } = this.#options;
    const cancelTimeout = clock.after(connectTimeoutMs, () => {
      if (this.#state !== attempt) return;
      this.#fail(connectError(`There was no connection within ${connectTimeoutMs} ms.`));
      abort.abort();
    });
    const attempt: DialerState = { name: "dialing", abort, cancelTimeout };
    this.#state = attempt;
    this.#events.onAttempt();
    this.#dialOnce(abort.signal).then(
      (socket) => {
        if (this.#state !== attempt) {
          socket.terminate();
          return;
        }
        cancelTimeout();
        this.#state = { name: "ended" };
        this.#events.onConnected(socket);
      },
      (error: unknown) => {
        if (this.#state === attempt) this.#fail(asConnectError(error));
      },
    );
  }

  // Asynchronous, so that a dial that throws is a dial that rejects.
  async #dialOnce(signal: AbortSignal): Promise<LinkSocket> {
    return this.#dial(signal);
  }

  #fail(error: TrunklineError): void {
    if (this.#state.name === "dialing") this.#state.cancelTimeout();
    this.#failures += 1;
    const { clock, random, connectAttempts } = this.#options;
    const retries = error.code !== "TL_INVALID_OPTION" && this.#failures < connectAttempts;
    const retryInMs = retries ? backoffDelayMs(this.#failures, random) : undefined;
    this.#state =
      retryInMs === undefined
        ? { name: "ended" }
        : { name: "waiting", cancelTimer: clock.after(retryInMs, () => this.#attempt()) };
    this.#events.onFailure({ attempt: this.#failures, error, retryInMs });
  }
}

function connectError(message: string, options?: ErrorOptions): TrunklineError {
  return new TrunklineError("TL_CONNECT_FAILED", message, options);
}

function asConnectError(error: unknown): TrunklineError {
  if (error instanceof TrunklineError) return error;
  return connectError(`The connection could not be opened: ${messageOf(error)}`, { cause: error });
}
