import type { AgentReadyData, AgentRegistry } from "../registry/index.ts";

/** What an agent needs of the runner that runs it. */
export interface AgentHost {
  readonly runnerName: string;
  readonly registry: AgentRegistry;
  /** Called once an agent is ready to receive: makes it known. */
  agentReady(data: AgentReadyData): void;
  /** Called once an agent has ended, in whatever way: frees its name. */
  agentEnded(agentName: string, reason: string | undefined): void;
  /** Takes an error that nobody else handles. */
  report(error: unknown, agentName: string): void;
}
