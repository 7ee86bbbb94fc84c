export { AgentServer, type AgentServerEvents, type SessionServerOptions } from "./agent-server.ts";
export { type ServeAgentsOptions, serveAgents } from "./serve-agents.ts";
export { WebSocketProxyServerAgent, type WebSocketProxyServerAgentOptions } from "./server-agent.ts";
export type { AgentSession, SessionProxyOptions, SessionSetup } from "./session.ts";
