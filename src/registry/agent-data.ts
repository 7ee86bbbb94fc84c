/** An agent that has become ready. */
export interface AgentReadyData {
  readonly agentName: string;
  /** Name of the runner it lives in. */
  readonly runner: string;
  readonly parent?: string | undefined;
  readonly active: boolean;
  readonly bridged: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt?: number | undefined;
}

/** An agent that can no longer be reached. */
export interface AgentGoneData {
  readonly agentName: string;
  readonly runner: string;
  readonly reason: string | undefined;
}
