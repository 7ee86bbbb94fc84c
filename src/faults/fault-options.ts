import { TrunklineError } from "../errors.ts";

/** A way through the proxy: `up` is from the client to the server, `down` from the server to the client. */
export type FaultDirection = "up" | "down";

/** One way through the proxy, or both. */
export type FaultDirections = FaultDirection | "both";

/** How a connection ends: `reset` as after a crash (RST), `end` in good order (FIN). */
export type FaultEnding = "reset" | "end";

/** For which way a fault is. */
export interface FaultWayOptions {
  /** Default `both`. */
  readonly direction?: FaultDirections | undefined;
}

/** How many bytes pass before a connection is cut. */
export interface CutOptions extends FaultWayOptions {
  /** Default `reset`. */
  readonly how?: FaultEnding | undefined;
}

/** How small the pieces are in which bytes arrive. */
export interface SliceOptions extends FaultWayOptions {
  /** Default 1. */
  readonly minBytes?: number | undefined;
  /** At least `minBytes`. Default 7, or `minBytes` where that is more. */
  readonly maxBytes?: number | undefined;
}

/** How much later bytes arrive. */
export interface DelayOptions extends FaultWayOptions {
  /** What every byte is late by, in milliseconds. Default 0. */
  readonly latencyMs?: number | undefined;
  /** What comes on top: up to so many milliseconds, at random. Bytes stay in order. Default 0. */
  readonly jitterMs?: number | undefined;
}

/** How many bytes pass in a second. */
export interface ThrottleOptions extends FaultWayOptions {
  /** At least 1; each way and each connection has so many to itself. */
  readonly bytesPerSecond: number;
}

/** The ways that are meant. */
export function waysOf(direction: FaultDirections = "both"): readonly FaultDirection[] {
  if (direction === "both") return ["up", "down"];
  if (direction === "up" || direction === "down") return [direction];
  throw invalidOption(`The direction of a fault is "up", "down" or "both", not ${JSON.stringify(direction)}.`);
}

/** The ending, checked. */
export function endingOf(how: FaultEnding = "reset"): FaultEnding {
  if (how === "reset" || how === "end") return how;
  throw invalidOption(`A connection ends by "reset" or "end", not by ${JSON.stringify(how)}.`);
}

/** A whole number of at least `least`, checked. */
export function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw invalidOption(`${name} is a whole number of at least ${least}, not ${String(value)}.`);
}

/** A length of time, checked. */
export function milliseconds(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw invalidOption(`${name} is a number of milliseconds, 0 or more, not ${String(value)}.`);
}

/** @returns the error for an option that cannot be meant */
export function invalidOption(message: string, cause?: unknown): TrunklineError {
  return new TrunklineError("TL_INVALID_OPTION", message, cause === undefined ? undefined : { cause });
}
