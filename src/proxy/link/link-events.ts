import { TrunklineError } from "../../errors.ts";
import type { CarrierEnding } from "./carrier.ts";
import type { ConnectFailure, Dial } from "./dialer.ts";
import type { LinkSocket } from "./link-socket.ts";

/** Where a link gets its socket: it dials for one, or it is handed one that was accepted. */
export type LinkOrigin = { readonly dial: Dial } | { readonly socket: LinkSocket };

/** How a link ended. */
export interface LinkEnding {
  /** The WebSocket close code; 1006 when there was no closing handshake, 4408 when the peer had fallen silent. */
  readonly code: number;
  readonly reason: string;
  /** True when it was closed on purpose, by either side. */
  readonly clean: boolean;
  /** False when there never was a connection. */
  readonly opened: boolean;
  /** Why, when it was not clean: `TL_CONNECTION_LOST`, or the error of the last attempt to connect. */
  readonly error: TrunklineError | undefined;
  /**
   * Messages of which it is known that they did not leave. Nothing acknowledges in plain mode, so those that were
   * on their way may be lost as well.
   */
  readonly unacknowledged: number;
}

/** Who hears what happens on a link. What these throw is caught and given to `onFault`. */
export interface LinkEvents {
  /** Before the first message. At most once. */
  onOpen(socket: LinkSocket): void;
  onMessage(bytes: Uint8Array): void;
  /** An inbound frame was above the limit and is gone; the link lives. */
  onOversize(byteLength: number): void;
  /** An attempt to connect failed. When it was the last one, `onClosed` follows. */
  onConnectFailed(failure: ConnectFailure): void;
  /** Exactly once, however the link ended, and nothing after it. */
  onClosed(ending: LinkEnding): void;
  /** `TL_HANDLER_FAILED`: one of the others threw. */
  onFault(error: TrunklineError): void;
}

/** What a sender hears whose message did not leave. */
export function lost(message: string, cause?: unknown): TrunklineError {
  return new TrunklineError("TL_CONNECTION_LOST", message, { cause });
}

/** The error of an ending that nobody wanted. */
export function asLost({ code, reason, error }: CarrierEnding): TrunklineError {
  if (error instanceof TrunklineError) return error;
  const why = error?.message ?? (reason || "there was no closing handshake");
  return lost(`The connection was lost (code ${code}): ${why}.`, error);
}
