import type { AgentEvents } from "../agents/index.ts";
import type { GateCause } from "./gate.ts";
import type { ConnectFailure, SessionLostReason } from "./link/index.ts";

/** How a session ended. */
export interface DisconnectedData {
  /** The WebSocket close code; 1006 when the connection broke, 4408 when the peer fell silent. */
  readonly code: number;
  readonly reason: string;
  /** True when one side closed it on purpose. */
  readonly clean: boolean;
  /** Set when the session was lost, and not closed. */
  readonly lost: SessionLostReason | undefined;
  /**
   * Messages that may not have arrived. An upper bound in a session that could be resumed; with a peer that cannot
   * resume, those of which it is known that they did not leave.
   */
  readonly unacknowledged: number;
}

/** A session that cannot go on. */
export interface SessionLostData {
  readonly reason: SessionLostReason;
  /** As in {@link DisconnectedData}. */
  readonly unacknowledged: number;
}

/** A connection is gone, and the session waits for another one. */
export interface InterruptedData {
  /** The WebSocket close code; 1006 when the connection broke, 4408 when the peer fell silent. */
  readonly code: number;
  readonly reason: string;
}

/** A session goes on over another connection. */
export interface ResumedData {
  /** The socket of that connection. */
  readonly websocket: unknown;
  /** Messages of this side that are sent again. */
  readonly replayed: number;
  /** Messages of this side that are left out, as `notReplayed` says. */
  readonly skipped: number;
}

/** The peer does not keep up. */
export interface SlowData {
  /** What waits for it. */
  readonly bufferedBytes: number;
}

/** A message that did not cross. */
export interface RejectedData {
  readonly direction: "inbound" | "outbound";
  /** What the gate, the serializer or the link had against it. */
  readonly cause: GateCause | "invalid" | "size" | "unsendable" | "lost" | "full";
  /** One sentence for people. It may quote the peer: no format string for a log. */
  readonly message: string;
}

interface ProxyEvents extends AgentEvents {
  /** A message was not let through, could not be read or could not be sent. */
  rejected: RejectedData;
  /** The connection is gone. What is sent now waits for the next one. */
  interrupted: InterruptedData;
  /** The session goes on; after each `interrupted`, unless the session is over. */
  resumed: ResumedData;
  /** Senders wait until the peer has caught up. */
  slow: SlowData;
  /** The session is over, though nobody ended it. Once, and before the end of the session is told. */
  sessionLost: SessionLostData;
}

/** What a client's proxy tells those that listen with `on`, beside what every agent does. */
export interface ProxyClientEvents extends ProxyEvents {
  /** Connected; the payload is the socket. Once per session. */
  connected: unknown;
  /** The session has ended, in whatever way. Once per session. */
  disconnected: DisconnectedData;
  /** An attempt to connect failed. Without a handler it is reported as an error. */
  connectFailed: ConnectFailure;
}

/** What a server's proxy tells those that listen with `on`, beside what every agent does. */
export interface ProxyServerEvents extends ProxyEvents {
  /** The client can be reached; the payload is the socket. Once. */
  clientConnected: unknown;
  /** The client is gone, in whatever way. Once. */
  clientDisconnected: DisconnectedData;
}
