import { TrunklineError } from "../../errors.ts";
import { abnormalCode } from "./close-codes.ts";
import type { LinkEnding } from "./link-events.ts";

/** How a link ends, as far as it is not what goes without saying. */
export interface Finish extends Partial<Omit<LinkEnding, "opened" | "unacknowledged" | "error">> {
  readonly error?: Error | undefined;
  readonly unwrittenFrames?: number;
  /** The peer has agreed to the end, and so has everything. */
  readonly delivered?: boolean;
}

/** What has not been told to be there. */
interface Remainder {
  readonly queuedFrames: number;
  unacknowledged(unwrittenFrames: number): number;
}

export function endingOf(finish: Finish, opened: boolean, remainder: Remainder): LinkEnding {
  const { code = abnormalCode, reason = "", clean = false, delivered = false, lost, successor } = finish;
  const unacknowledged = delivered ? remainder.queuedFrames : remainder.unacknowledged(finish.unwrittenFrames ?? 0);
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
