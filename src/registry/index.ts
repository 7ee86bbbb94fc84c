export type { AgentGoneData, AgentReadyData } from "./agent-data.ts";
export { AgentRegistry, type AgentRegistryEvents } from "./registry.ts";
