import type { SessionLostReason } from "./link/index.ts";
import type { RefusalCause } from "./refusals.ts";

/** What a server has counted since it began. */
export interface ServerCounters {
  /** Clients that were not let in, by the reason. */
  readonly refused: Readonly<Record<RefusalCause, number>>;
  /** Sessions that were lost, by the reason. */
  readonly lost: Readonly<Record<SessionLostReason, number>>;
  /** Sessions over connections that cannot be resumed, since it began. */
  readonly plain: number;
  /** How often a client has come back to its session. */
  readonly resumed: number;
  /** Sessions there are now. */
  readonly sessions: number;
  /** Those of them that wait for their client. */
  readonly suspended: number;
  /** What waits in those, in bytes. */
  readonly suspendedBytes: number;
}

/** Counters as their owner sees them. */
export interface OwnServerCounters {
  readonly refused: Record<RefusalCause, number>;
  readonly lost: Record<SessionLostReason, number>;
  plain: number;
}

export function newServerCounters(): OwnServerCounters {
  return {
    refused: {
      path: 0,
      handshake: 0,
      origin: 0,
      sessions: 0,
      connections: 0,
      address: 0,
      credentials: 0,
      closing: 0,
      hello: 0,
      token: 0,
      principal: 0,
    },
    lost: { expired: 0, unknown: 0, overflow: 0, pressure: 0, mismatch: 0, refused: 0, violation: 0, plain: 0 },
    plain: 0,
  };
}
