import type { ActivationArgs } from "../bus/index.ts";
import type { AgentGoneData, AgentReadyData } from "../registry/index.ts";
import type { TaskRequest } from "../tasks/index.ts";

/** An agent's report that something failed. */
export interface AgentErrorData {
  readonly agentName: string;
  /** One sentence for people. */
  readonly error: string;
}

/** The events of every agent; each follows the hook of the same name. */
export interface AgentEvents {
  ready: undefined;
  finished: undefined;
  error: Error;
  activated: ActivationArgs | undefined;
  deactivated: undefined;
  agentReady: AgentReadyData;
  agentGone: AgentGoneData;
  agentError: AgentErrorData;
  taskRequest: TaskRequest;
}
