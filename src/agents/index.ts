export { AgentError } from "./agent-error.ts";
export { BaseAgent, type BaseAgentOptions } from "./base-agent.ts";
export type { AgentErrorData, AgentEvents } from "./events.ts";
export type { AgentHost } from "./host.ts";
export type { AgentState } from "./lifecycle.ts";
