/** What a link has done since it was made. */
export interface LinkCounters {
  framesIn: number;
  bytesIn: number;
  framesOut: number;
  bytesOut: number;
  /** Inbound frames that were text; they are counted in `framesIn` too. */
  textFramesIn: number;
  /** Inbound frames above the limit. */
  rejectedInboundSize: number;
  /** Outbound frames above the limit. */
  rejectedOutboundSize: number;
  /** Outbound frames that found the queue full. */
  rejectedOutboundFull: number;
  /** How often the peer did not read fast enough and senders had to wait. */
  slowed: number;
  /** The most that ever waited, in the queue and in the socket. */
  peakBufferedBytes: number;
  connectAttempts: number;
  connectFailures: number;
  /** Heartbeats without a sign of life. */
  missedHeartbeats: number;
}

export function newCounters(): LinkCounters {
  return {
    framesIn: 0,
    bytesIn: 0,
    framesOut: 0,
    bytesOut: 0,
    textFramesIn: 0,
    rejectedInboundSize: 0,
    rejectedOutboundSize: 0,
    rejectedOutboundFull: 0,
    slowed: 0,
    peakBufferedBytes: 0,
    connectAttempts: 0,
    connectFailures: 0,
    missedHeartbeats: 0,
  };
}
