import { messageOf, TrunklineError } from "../../errors.ts";
import type { ConnectFailure } from "./dialer.ts";
import type { Interruption, LinkEnding, LinkEvents } from "./link-events.ts";
import type { LinkSocket } from "./link-socket.ts";
import type { Replay } from "./sent-log.ts";

/** The same events, none of which throws: a listener's fault must not change what the link does next. */
export class GuardedEvents implements Required<LinkEvents> {
  readonly #events: LinkEvents;

  constructor(events: LinkEvents) {
    this.#events = events;
  }

  onOpen(socket: LinkSocket): void {
    this.#guard(() => this.#events.onOpen(socket));
  }

  onMessage(bytes: Uint8Array): void {
    this.#guard(() => this.#events.onMessage(bytes));
  }

  onOversize(byteLength: number): void {
    this.#guard(() => this.#events.onOversize(byteLength));
  }

  onInterrupted(interruption: Interruption): void {
    this.#guard(() => this.#events.onInterrupted?.(interruption));
  }

  onResumed(socket: LinkSocket, replay: Replay): void {
    this.#guard(() => this.#events.onResumed?.(socket, replay));
  }

  onSlow(bufferedBytes: number): void {
    this.#guard(() => this.#events.onSlow?.(bufferedBytes));
  }

  onCaughtUp(): void {
    this.#guard(() => this.#events.onCaughtUp?.());
  }

  onConnectFailed(failure: ConnectFailure): void {
    this.#guard(() => this.#events.onConnectFailed(failure));
  }

  onClosed(ending: LinkEnding): void {
    this.#guard(() => this.#events.onClosed(ending));
  }

  onFault(error: TrunklineError): void {
    this.#events.onFault(error);
  }

  #guard(tell: () => void): void {
    try {
      tell();
    } catch (cause) {
      const fault = `A listener of the link threw: ${messageOf(cause)}`;
      this.#events.onFault(new TrunklineError("TL_HANDLER_FAILED", fault, { cause }));
    }
  }
}
