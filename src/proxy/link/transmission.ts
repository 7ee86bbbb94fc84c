/** How the frames of one link get to the peer, and what is made of the peer's. */
export interface Transmission {
  /** The largest frame the peer takes, in bytes. */
  readonly maxFrameBytes: number;
  /** Bytes that were taken and have not left yet, or are not known to have arrived. */
  readonly heldBytes: number;
  /** True when everything that was taken has been written. */
  readonly isWritten: boolean;
  /** True while one more frame of so many bytes can be taken. */
  accepts(byteLength: number): boolean;
  /** Takes a frame. One that is not worth replaying is written on this connection or not at all. */
  take(bytes: Uint8Array, replayable: boolean): void;
  /** Writes as much as the socket takes. */
  write(): void;
  receive(data: Uint8Array, kind: "binary" | "text"): void;
  /** A frame above the limit has arrived, and is gone. */
  receiveOversize(kind: "binary" | "text"): void;
  /** Says that nothing more will come; and when to come back, if the peer may. */
  sayGoodbye(retryMs?: readonly [min: number, max: number]): void;
  /** How many frames may be lost when it ends now, with so many in the socket. */
  unacknowledged(unwrittenFrames: number): number;
}
