import { TrunklineError } from "../../errors.ts";
import type { CarrierEnding } from "./carrier.ts";
import { abnormalCode } from "./close-codes.ts";
import type { LinkEnding } from "./link-events.ts";

/** How a link ends, as far as it is not what goes without saying. */
export interface Finish extends Partial<Omit<LinkEnding, "opened" | "unacknowledged" | "error">> {
  readonly error?: Error | undefined;
  /** Frames in the socket. */
  readonly unwrittenFrames?: number;
  /** Frames that were refused at the end, and are as lost as the others. */
  readonly unsentFrames?: number;
}

/** How a connection was cut. */
export type Cut = Pick<CarrierEnding, "code" | "reason" | "error">;

/** What may not have arrived. */
interface Remainder {
  unacknowledged(unwrittenFrames: number): number;
}

export function endingOf(finish: Finish, opened: boolean, remainder: Remainder): LinkEnding {
  const { code = abnormalCode, reason = "", clean = false, lost, successor } = finish;
  const { unwrittenFrames = 0, unsentFrames = 0 } = finish;
  const unacknowledged = remainder.unacknowledged(unwrittenFrames) + unsentFrames;
  const error = clean ? undefined : asLost(code, reason, finish.error);
  return { code, reason, clean, opened, lost, error, unacknowledged, successor };
}

/** What a sender hears whose message did not leave. */
export function lost(message: string, cause?: unknown): TrunklineError {
  return new TrunklineError("TL_CONNECTION_LOST", message, { cause });
}

/** The error of an ending that nobody wanted. */
function asLost(code: number, reason: string, error: Error | undefined): TrunklineError {
  if (error instanceof TrunklineError) return error;
  const why = error?.message ?? (reason || "there was no closing handshake");
  return lost(`The connection was lost (code ${code}): ${why}.`, error);
}
