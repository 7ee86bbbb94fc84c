import { type Clock, systemClock } from "./clock.ts";

/** What a connection holds back, how long it waits, and when it is tried again. */
export interface LinkOptions {
  /** Largest frame in either direction, in bytes. Default 1 MiB, which is what Python peers take. */
  readonly maxFrameBytes?: number | undefined;
  /**
   * How many frames may wait for the connection or for a slow one. In a session that can be resumed as many again may
   * wait to be acknowledged. Default 2,048.
   */
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
  /**
   * Whether a session outlives its connection, where both ends can: `auto` where they can, `off` never, `require`
   * refuses a peer that cannot. Default `auto`.
   */
  readonly resume?: "auto" | "off" | "require" | undefined;
  /** How long a session waits for another connection when its own is gone. The server's counts. Default 120 s. */
  readonly windowMs?: number | undefined;
  /** How long to wait before connecting again. */
  readonly backoff?: BackoffOptions | undefined;
  /** From 0 up to 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** Each wait is `minMs` and a random part of up to `spreadMs`, which doubles with every failure up to `maxSpreadMs`. */
export interface BackoffOptions {
  /** Default 100. */
  readonly minMs?: number | undefined;
  /** Default 1,000. */
  readonly spreadMs?: number | undefined;
  /** Default 30,000. */
  readonly maxSpreadMs?: number | undefined;
  /** After a connection that was there for so long the waits begin anew. Default 10,000. */
  readonly stableMs?: number | undefined;
}

type Resolved<T> = { readonly [K in keyof T]-?: NonNullable<T[K]> };

export type ResolvedLinkOptions = Resolved<Omit<LinkOptions, "backoff">> & {
  readonly backoff: Resolved<BackoffOptions>;
};

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
    resume: options.resume ?? "auto",
    windowMs: options.windowMs ?? 120_000,
    backoff: {
      minMs: options.backoff?.minMs ?? 100,
      spreadMs: options.backoff?.spreadMs ?? 1_000,
      maxSpreadMs: options.backoff?.maxSpreadMs ?? 30_000,
      stableMs: options.backoff?.stableMs ?? 10_000,
    },
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
