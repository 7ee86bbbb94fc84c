export {
  type ProxyDial,
  type ProxyHeaders,
  WebSocketProxyClientAgent,
  type WebSocketProxyClientAgentOptions,
} from "./client-agent.ts";
export type { DialOptions } from "./dial-options.ts";
export type { GateCause, GateCounters, GateDirectionCounters } from "./gate.ts";
export type {
  BackoffOptions,
  Clock,
  ConnectFailure,
  LinkCounters,
  LinkOptions,
  SessionLostReason,
} from "./link/index.ts";
export type {
  DisconnectedData,
  InterruptedData,
  ProxyClientEvents,
  ProxyServerEvents,
  RejectedData,
  ResumedData,
  SessionLostData,
  SlowData,
} from "./proxy-events.ts";
export type { ProxyOptions } from "./proxy-options.ts";
export type { ProxyCounters } from "./proxy-session.ts";
