/**
 * The server's proxy, and a session for each client. Runs in Node.
 *
 * @module trunkline/server
 */

export {
  Admission,
  type AdmissionOptions,
  AgentServer,
  type AgentServerEvents,
  type AgentSession,
  type EntranceOptions,
  type RefusalCause,
  type RefusedData,
  type ServeAgentsOptions,
  type ServerCloseOptions,
  type ServerCounters,
  type SessionProxyOptions,
  type SessionServerOptions,
  type SessionSetup,
  type SessionsOptions,
  serveAgents,
  WebSocketProxyServerAgent,
  type WebSocketProxyServerAgentOptions,
} from "./proxy/server.ts";
