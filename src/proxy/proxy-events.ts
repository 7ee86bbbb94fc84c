import type { AgentEvents } from "../agents/index.ts";
import type { GateCause } from "./gate.ts";
import type { ConnectFailure } from "./link/index.ts";

/** How a connection ended. */
export interface DisconnectedData {
  /** The WebSocket close code; 1006 when the connection broke, 4408 when the peer fell silent. */
  readonly code: number;
  readonly reason: string;
  /** True when one side closed it on purpose. */
  readonly clean: boolean;
  /** Messages of which it is known that they did not leave. */
  readonly unacknowledged: number;
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
}

/** What a client's proxy tells those that listen with `on`, beside what every agent does. */
export interface ProxyClientEvents extends ProxyEvents {
  /** Connected; the payload is the socket. Once per connection. */
  connected: unknown;
  /** The connection has ended, in whatever way. Once per connection. */
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
