/** How one socket ended. */
export interface SocketEnding {
  /** The WebSocket close code; 1006 when there was no closing handshake. */
  readonly code: number;
  readonly reason: string;
  readonly error?: Error | undefined;
}

/** Who hears what happens on a socket. None of these may throw. */
export interface LinkSocketHandlers {
  onMessage(data: Uint8Array, kind: "binary" | "text"): void;
  /** The answer to {@link LinkSocket.requestDrain}, or the socket has become writable. */
  onDrain(): void;
  /** The socket has failed; its end follows, though a closing handshake may take its time. */
  onFailing(error: Error): void;
  /** Exactly once, and nothing after it. */
  onClose(ending: SocketEnding): void;
}

/** An open WebSocket, of whatever make, as a link needs it. */
export interface LinkSocket {
  /** The object it was made from, for those who have to hand it on. */
  readonly websocket: unknown;
  /** The subprotocol both ends agreed on; empty for none. */
  readonly protocol: string;
  /** True while {@link send} takes frames. */
  readonly writable: boolean;
  /** Bytes taken by {@link send} that have not left yet. */
  readonly bufferedBytes: number;
  /** Binary frames given to {@link send} of which it is not known that they have left; text is no message. */
  readonly unwrittenFrames: number;
  /** Text frames likewise, where that can be told. */
  readonly unwrittenControls?: number | undefined;
  /** Changes whenever anything arrives, be it half a frame or a pong. */
  readonly inboundActivity: number;
  /** Absent where the platform has no WebSocket ping. */
  readonly ping?: (() => void) | undefined;
  /**
   * From now on these hear it, first what arrived while nobody did, in order, and its end if that has been. Not while
   * others are attached.
   */
  attach(handlers: LinkSocketHandlers): void;
  /**
   * Gives the handlers back: they hear nothing more, and what arrives is held, within bounds, for those that are
   * attached next. A drain that was asked for is forgotten.
   */
  detach(): void;
  /** Never throws; what is sent while the socket is not writable is lost. */
  send(data: Uint8Array | string): void;
  /** Asks for one `onDrain` as soon as at most so many bytes are buffered. */
  requestDrain(belowBytes: number): void;
  /** Begins the closing handshake, behind what is buffered. */
  close(code: number, reason: string): void;
  /** Ends it now, without a handshake. `onClose` may be called before this returns. */
  terminate(): void;
}
