/**
 * The server's proxy, and a session for each client. Runs in Node.
 *
 * @module trunkline/server
 */

export {
  AgentServer,
  type AgentServerEvents,
  type AgentSession,
  type ServeAgentsOptions,
  type SessionProxyOptions,
  type SessionServerOptions,
  type SessionSetup,
  serveAgents,
  WebSocketProxyServerAgent,
  type WebSocketProxyServerAgentOptions,
} from "./proxy/server.ts";
