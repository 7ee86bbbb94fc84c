export { AgentRunner, type AgentRunnerEvents, type AgentRunnerOptions } from "./agent-runner.ts";
