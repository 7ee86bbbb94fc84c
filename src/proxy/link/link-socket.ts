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
  /** Frames taken by {@link send} of which it is not known that they have left. */
  readonly unwrittenFrames: number;
  /** Changes whenever anything arrives, be it half a frame or a pong. */
  readonly inboundActivity: number;
  /** Absent where the platform has no WebSocket ping. */
  readonly ping?: (() => void) | undefined;
  /** Once. What arrived before is delivered now. */
  attach(handlers: LinkSocketHandlers): void;
  /** Never throws; what is sent while the socket is not writable is lost. */
  send(data: Uint8Array | string): void;
  /** Asks for one `onDrain` as soon as at most so many bytes are buffered. */
  requestDrain(belowBytes: number): void;
  /** Begins the closing handshake, behind what is buffered. */
  close(code: number, reason: string): void;
  /** Ends it now, without a handshake. `onClose` may be called before this returns. */
  terminate(): void;
}
