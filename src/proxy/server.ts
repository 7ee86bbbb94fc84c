export { Admission, type AdmissionOptions } from "./admission.ts";
export {
  AgentServer,
  type AgentServerEvents,
  type ServerCloseOptions,
  type SessionServerOptions,
} from "./agent-server.ts";
export type { EntranceOptions } from "./entrance.node.ts";
export type { RefusalCause, RefusedData } from "./refusals.ts";
export { type ServeAgentsOptions, serveAgents } from "./serve-agents.ts";
export { WebSocketProxyServerAgent, type WebSocketProxyServerAgentOptions } from "./server-agent.ts";
export type { ServerCounters } from "./server-counters.ts";
export type { AgentSession, SessionProxyOptions, SessionSetup } from "./session.ts";
export type { SessionsOptions } from "./sessions.node.ts";
