import { TrunklineError } from "../../errors.ts";
import type { SessionLostReason } from "./session-lost.ts";

/** `TL_LINK_REFUSED`: a handshake that has failed for good. */
export class RefusedError extends TrunklineError {
  /** What a session that was to be resumed is lost by. */
  readonly lost: SessionLostReason;
  /** How the connection was closed. */
  readonly closing: { readonly code: number; readonly reason: string };

  constructor(message: string, lost: SessionLostReason, code: number, reason: string) {
    super("TL_LINK_REFUSED", message);
    this.lost = lost;
    this.closing = { code, reason };
  }
}
