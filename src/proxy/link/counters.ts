/** What a link has done since it was made. */
export interface LinkCounters {
  framesIn: number;
  bytesIn: number;
  framesOut: number;
  bytesOut: number;
  /** Inbound frames that were text; they are counted in `framesIn` too. */
  textFramesIn: number;
  /** Outbound frames that were text; they are counted in `framesOut` too. */
  textFramesOut: number;
  /** Frames that the peer has acknowledged. */
  acknowledged: number;
  /** Frames that are not acknowledged now; in plain mode those that have not left. */
  unacknowledged: number;
  /** Bytes that wait now: in the queue, for being acknowledged, and in the socket. */
  bufferedBytes: number;
  /** Frames that were sent again over another connection. */
  replayed: number;
  /** Frames that were not worth sending again, and were not acknowledged when their connection was gone. */
  skipped: number;
  /** Frames that the peer has left out. */
  skippedByPeer: number;
  /** Connections that were cut while their session went on. */
  interrupted: number;
  /** Connections over which a session went on. */
  resumed: number;
  /** Inbound frames above the limit. */
  rejectedInboundSize: number;
  /** Outbound frames above the limit. */
  rejectedOutboundSize: number;
  /** Outbound frames that found the queue full. */
  rejectedOutboundFull: number;
  /** How often the peer did not read fast enough and senders had to wait. */
  slowed: number;
  /** For how long, in milliseconds, up to the last time that they went on. */
  slowMs: number;
  /** The most that ever waited, in the queue and in the socket. */
  peakBufferedBytes: number;
  connectAttempts: number;
  connectFailures: number;
  /** Milliseconds from a hello to its answer, on the last connection; undefined in plain mode and on the server. */
  roundTripMs: number | undefined;
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
    textFramesOut: 0,
    acknowledged: 0,
    unacknowledged: 0,
    bufferedBytes: 0,
    replayed: 0,
    skipped: 0,
    skippedByPeer: 0,
    interrupted: 0,
    resumed: 0,
    rejectedInboundSize: 0,
    rejectedOutboundSize: 0,
    rejectedOutboundFull: 0,
    slowed: 0,
    slowMs: 0,
    peakBufferedBytes: 0,
    connectAttempts: 0,
    connectFailures: 0,
    roundTripMs: undefined,
    missedHeartbeats: 0,
  };
}
