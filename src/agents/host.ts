import type { PipelineObserver } from "../pipeline/index.ts";
import type { AgentReadyData, AgentRegistry } from "../registry/index.ts";

/** What an agent needs of the runner that runs it. */
export interface AgentHost {
  readonly runnerName: string;
  readonly registry: AgentRegistry;
  /** How long the graceful end of one agent may take. */
  readonly endTimeoutMs: number;
  /** True once the runner itself ends: then it is the runner that cuts off who is late. */
  ending(): boolean;
  /** Who is to watch the agent's pipeline, beside its own observers. Asked when that starts. */
  observersOf(agentName: string): readonly PipelineObserver[];
  /** Called once an agent is ready to receive: makes it known. */
  agentReady(data: AgentReadyData): void;
  /** Called once an agent has ended, in whatever way: frees its name. */
  agentEnded(agentName: string, reason: string | undefined): void;
  /** Takes an error that nobody else handles. */
  report(error: unknown, agentName: string): void;
}
