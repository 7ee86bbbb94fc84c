import { messageOf, TrunklineError } from "../../errors.ts";
import { type LinkedAbort, linkAbort } from "../../util/index.ts";
import type { Backoff } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import type { LinkSocket } from "./link-socket.ts";

/** Whether a connection has to be, may be, or must not be one of the protocol for sessions. */
export type DialWish = "require" | "offer" | "off";

/** Opens one connection, or rejects. Ends what it has begun when the signal fires. */
export type Dial = (signal: AbortSignal, wish: DialWish) => Promise<LinkSocket>;

/** An attempt to connect that failed. */
export interface ConnectFailure {
  /** 1 for the first attempt; counted anew after a connection that was there. */
  readonly attempt: number;
  readonly error: TrunklineError;
  /** When the next attempt begins; undefined when this was the last. */
  readonly retryInMs: number | undefined;
}

export interface DialerOptions<T> {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly connectAttempts: number;
  readonly backoff: Backoff;
  /** Opens a connection and makes of it what is wanted. */
  dial(signal: AbortSignal): Promise<T>;
  /** True for an error after which no other attempt will do better. */
  isFinal(error: TrunklineError): boolean;
  onAttempt(): void;
  onConnected(connection: T): void;
  /** It has arrived too late; nobody has it. */
  onUnwanted(connection: T): void;
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
 * 3. A dial that does not settle in time counts as failed, and what it brings later is unwanted.
 */
export class Dialer<T> {
  readonly #options: DialerOptions<T>;
  #failures = 0;
  #state: DialerState = { name: "ended" };

  constructor(options: DialerOptions<T>) {
    this.#options = options;
  }

  start(afterMs = 0): void {
    if (this.#state.name !== "ended") return;
    if (afterMs === 0) this.#attempt();
    else this.#wait(afterMs);
  }

  stop(): void {
    const state = this.#state;
    this.#state = { name: "ended" };
    if (state.name === "waiting") state.cancelTimer();
    if (state.name !== "dialing") return;
    state.cancelTimeout();
    state.abort.abort();
  }

  #wait(delayMs: number): void {
    this.#state = { name: "waiting", cancelTimer: this.#options.clock.after(delayMs, () => this.#attempt()) };
  }

  #attempt(): void {
    const abort = linkAbort();
    const { clock, connectTimeoutMs, onAttempt, onConnected, onUnwanted } = this.#options;
    const cancelTimeout = clock.after(connectTimeoutMs, () => {
      if (this.#state !== attempt) return;
      this.#fail(connectError(`There was no connection within ${connectTimeoutMs} ms.`));
      abort.abort();
    });
    const attempt: DialerState = { name: "dialing", abort, cancelTimeout };
    this.#state = attempt;
    onAttempt();
    this.#dialOnce(abort.signal).then(
      (connection) => {
        if (this.#state !== attempt) {
          onUnwanted(connection);
          return;
        }
        cancelTimeout();
        this.#state = { name: "ended" };
        onConnected(connection);
      },
      (error: unknown) => {
        if (this.#state === attempt) this.#fail(asConnectError(error));
      },
    );
  }

  // Asynchronous, so that a dial that throws is a dial that rejects.
  async #dialOnce(signal: AbortSignal): Promise<T> {
    return this.#options.dial(signal);
  }

  #fail(error: TrunklineError): void {
    if (this.#state.name === "dialing") this.#state.cancelTimeout();
    this.#failures += 1;
    const { connectAttempts, backoff, isFinal, onFailure } = this.#options;
    const retries = !isFinal(error) && this.#failures < connectAttempts;
    const retryInMs = retries ? backoff.nextDelayMs() : undefined;
    if (retryInMs === undefined) this.#state = { name: "ended" };
    else this.#wait(retryInMs);
    onFailure({ attempt: this.#failures, error, retryInMs });
  }
}

function connectError(message: string, options?: ErrorOptions): TrunklineError {
  return new TrunklineError("TL_CONNECT_FAILED", message, options);
}

function asConnectError(error: unknown): TrunklineError {
  if (error instanceof TrunklineError) return error;
  return connectError(`The connection could not be opened: ${messageOf(error)}`, { cause: error });
}
