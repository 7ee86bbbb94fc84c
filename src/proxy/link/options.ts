import { type Clock, systemClock } from "./clock.ts";

/** What a connection holds back, how long it waits, and when it is tried again. */
export interface LinkOptions {
  /** Largest frame in either direction, in bytes. Default 1 MiB, which is what Python peers take. */
  readonly maxFrameBytes?: number | undefined;
  /** How many frames may wait for the connection, or for a slow one. Default 2,048. */
  readonly maxQueuedFrames?: number | undefined;
  /** How many bytes may wait likewise. Default 4 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** With so many bytes buffered in the socket, frames wait until it is below half. Default 4 MiB. */
  readonly highWaterBytes?: number | undefined;
  /** How long one attempt to connect may take. Default 10 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** How often to try before giving up. Default: until somebody closes the link. */
  readonly connectAttempts?: number | undefined;
  /** How long a graceful close may take before the socket is cut. Default 1 s. */
  readonly closeTimeoutMs?: number | undefined;
  /** Silence after which the peer is pinged; after 2.5 times as much it is cut. Default 10 s. */
  readonly heartbeatMs?: number | undefined;
  /** From 0 up to 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

export type ResolvedLinkOptions = { readonly [K in keyof LinkOptions]-?: NonNullable<LinkOptions[K]> };

export const defaultMaxFrameBytes = 1_048_576;

export function resolveLinkOptions(options: LinkOptions = {}): ResolvedLinkOptions {
  return {
    maxFrameBytes: options.maxFrameBytes ?? defaultMaxFrameBytes,
    maxQueuedFrames: options.maxQueuedFrames ?? 2_048,
    maxQueuedBytes: options.maxQueuedBytes ?? 4_194_304,
    highWaterBytes: options.highWaterBytes ?? 4_194_304,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    connectAttempts: options.connectAttempts ?? Number.POSITIVE_INFINITY,
    closeTimeoutMs: options.closeTimeoutMs ?? 1_000,
    heartbeatMs: options.heartbeatMs ?? 10_000,
    random: options.random ?? Math.random,
    clock: options.clock ?? systemClock,
  };
}

/**
 * What to allow a WebSocket library as its largest payload, which it enforces by closing: enough above the link's own
 * limit that an oversized frame is usually dropped and counted, and the connection lives.
 */
export function payloadLimitFor(maxFrameBytes: number = defaultMaxFrameBytes): number {
  return maxFrameBytes * 4;
}
