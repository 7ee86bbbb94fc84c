import { BusDataMessage, BusLocalMessage, type BusMessageInit, BusSystemMessage } from "./message.ts";

/** An agent as others may know it. */
export interface AgentEntry {
  readonly name: string;
  readonly parent?: string | undefined;
  readonly active: boolean;
  readonly bridged: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt?: number | undefined;
}

export interface BusAgentRegistryMessageInit extends BusMessageInit {
  readonly runner: string;
  readonly agents: readonly AgentEntry[];
}

/** The agents that a runner has ready. */
export class BusAgentRegistryMessage extends BusSystemMessage {
  readonly runner: string;
  readonly agents: readonly AgentEntry[];

  constructor(init: BusAgentRegistryMessageInit) {
    super(init);
    this.runner = init.runner;
    this.agents = init.agents;
  }
}

export interface BusAgentReadyMessageInit extends BusMessageInit {
  readonly runner: string;
  readonly parent?: string | undefined;
  readonly active: boolean;
  readonly bridged: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt?: number | undefined;
}

/** The agent that sends this has become ready. */
export class BusAgentReadyMessage extends BusDataMessage {
  readonly runner: string;
  readonly parent: string | undefined;
  readonly active: boolean;
  readonly bridged: boolean;
  readonly startedAt: number | undefined;

  constructor(init: BusAgentReadyMessageInit) {
    super(init);
    this.runner = init.runner;
    this.parent = init.parent;
    this.active = init.active;
    this.bridged = init.bridged;
    this.startedAt = init.startedAt;
  }
}

export interface BusAgentGoneMessageInit extends BusMessageInit {
  readonly runner: string;
  readonly agents: readonly string[];
  readonly reason?: string | undefined;
}

/** Agents that were known can no longer be reached. Data, so that it never overtakes the word that they are ready. */
export class BusAgentGoneMessage extends BusDataMessage {
  readonly runner: string;
  readonly agents: readonly string[];
  readonly reason: string | undefined;

  constructor(init: BusAgentGoneMessageInit) {
    super(init);
    this.runner = init.runner;
    this.agents = init.agents;
    this.reason = init.reason;
  }
}

export interface BusRunnerHeartbeatMessageInit extends BusMessageInit {
  readonly runner: string;
  readonly intervalMs: number;
}

/** A runner lives, and says when it will say so next. With a target: that runner is asked for its registry. */
export class BusRunnerHeartbeatMessage extends BusSystemMessage {
  readonly runner: string;
  /** After how many milliseconds the next one follows; 0: none will. */
  readonly intervalMs: number;

  constructor(init: BusRunnerHeartbeatMessageInit) {
    super(init);
    this.runner = init.runner;
    this.intervalMs = init.intervalMs;
  }
}

export interface BusAgentErrorMessageInit extends BusMessageInit {
  /** One sentence for people. */
  readonly error: string;
}

/** An agent tells the others that something failed. */
export class BusAgentErrorMessage extends BusSystemMessage {
  readonly error: string;

  constructor(init: BusAgentErrorMessageInit) {
    super(init);
    this.error = init.error;
  }
}

/** A child tells its parent that something failed. */
export class BusAgentLocalErrorMessage extends BusLocalMessage {
  readonly error: string;

  constructor(init: BusAgentErrorMessageInit) {
    super(init);
    this.error = init.error;
  }
}
