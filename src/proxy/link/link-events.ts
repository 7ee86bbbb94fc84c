import type { TrunklineError } from "../../errors.ts";
import type { ConnectFailure } from "./dialer.ts";
import type { LinkOrigin } from "./link-end.ts";
import type { LinkSocket } from "./link-socket.ts";
import type { Replay } from "./sent-log.ts";
import type { SessionLostReason } from "./session-lost.ts";

/** How a link ended. */
export interface LinkEnding {
  /** The WebSocket close code; 1006 when there was no closing handshake, 4408 when the peer had fallen silent. */
  readonly code: number;
  readonly reason: string;
  /** True when it was closed on purpose, by either side. */
  readonly clean: boolean;
  /** False when there never was a connection. */
  readonly opened: boolean;
  /** Set when a session was lost. */
  readonly lost: SessionLostReason | undefined;
  /** Why, when it was not clean: `TL_CONNECTION_LOST`, or the error of the last attempt to connect. */
  readonly error: TrunklineError | undefined;
  /**
   * Messages that may not have arrived. In a session this is an upper bound: those that were not acknowledged. In plain
   * mode nothing is acknowledged: those of which it is known that they did not leave, and those on their way may be lost
   * as well.
   */
  readonly unacknowledged: number;
  /** The server could not go on with the session and has begun another one; here is how to join it. */
  readonly successor: LinkOrigin | undefined;
}

/** A connection has gone, and its session waits for another one. */
export interface Interruption {
  /** The WebSocket close code; 1006 when there was no closing handshake. */
  readonly code: number;
  readonly reason: string;
}

/** Who hears what happens on a link. What these throw is caught and given to `onFault`. */
export interface LinkEvents {
  /** Before the first message. At most once. */
  onOpen(socket: LinkSocket): void;
  onMessage(bytes: Uint8Array): void;
  /** An inbound frame was above the limit and is gone; the link lives. */
  onOversize(byteLength: number): void;
  /** The connection is gone, the session is not. */
  onInterrupted?(interruption: Interruption): void;
  /** The session goes on over this connection. */
  onResumed?(socket: LinkSocket, replay: Replay): void;
  /** The peer does not keep up: the next `send` waits. */
  onSlow?(bufferedBytes: number): void;
  /** After `onSlow`: it has caught up. */
  onCaughtUp?(): void;
  /** An attempt to connect failed. When it was the last one, `onClosed` follows. */
  onConnectFailed(failure: ConnectFailure): void;
  /** Exactly once, however the link ended, and nothing after it. */
  onClosed(ending: LinkEnding): void;
  /** `TL_HANDLER_FAILED`: one of the others threw. */
  onFault(error: TrunklineError): void;
}
