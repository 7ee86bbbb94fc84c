export { AgentRunner } from "./agent-runner.ts";
export type { AgentObserver } from "./observation.ts";
export type { AgentRunnerEvents, AgentRunnerOptions } from "./runner-options.ts";
