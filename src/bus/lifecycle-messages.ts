import { BusDataMessage, BusLocalMessage, type BusMessageInit, BusSystemMessage } from "./message.ts";

/** Free arguments for the agent that becomes active. */
export type ActivationArgs = Readonly<Record<string, unknown>>;

export interface BusActivateAgentMessageInit extends BusMessageInit {
  readonly args?: ActivationArgs | undefined;
}

/** Asks an agent to become active. */
export class BusActivateAgentMessage extends BusDataMessage {
  readonly args: ActivationArgs | undefined;

  constructor(init: BusActivateAgentMessageInit) {
    super(init);
    this.args = init.args;
  }
}

/** Asks an agent to become inactive. */
export class BusDeactivateAgentMessage extends BusDataMessage {}

export interface BusReasonInit extends BusMessageInit {
  readonly reason?: string | undefined;
}

/** Asks the runner to end everything gracefully. */
export class BusEndMessage extends BusDataMessage {
  readonly reason: string | undefined;

  constructor(init: BusReasonInit) {
    super(init);
    this.reason = init.reason;
  }
}

/** Asks one agent to end gracefully. */
export class BusEndAgentMessage extends BusDataMessage {
  readonly reason: string | undefined;

  constructor(init: BusReasonInit) {
    super(init);
    this.reason = init.reason;
  }
}

/** Asks the runner to stop everything now. */
export class BusCancelMessage extends BusSystemMessage {
  readonly reason: string | undefined;

  constructor(init: BusReasonInit) {
    super(init);
    this.reason = init.reason;
  }
}

/** Asks one agent to stop now. */
export class BusCancelAgentMessage extends BusSystemMessage {
  readonly reason: string | undefined;

  constructor(init: BusReasonInit) {
    super(init);
    this.reason = init.reason;
  }
}

/** An agent object, as far as the bus has to know it. */
export interface NamedAgent {
  readonly name: string;
}

export interface BusAddAgentMessageInit extends BusMessageInit {
  readonly agent: NamedAgent;
}

/** Asks the runner of this process to run an agent. */
export class BusAddAgentMessage extends BusLocalMessage {
  readonly agent: NamedAgent;

  constructor(init: BusAddAgentMessageInit) {
    super(init);
    this.agent = init.agent;
  }
}
