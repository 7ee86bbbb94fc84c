/** What every message takes. */
export interface BusMessageInit {
  /** Name of the agent, or runner, that sends. */
  readonly source: string;
  /** Name of the agent it is for. Default: everyone on the bus. */
  readonly target?: string | undefined;
}

/** Which lane a message takes; a system message overtakes data that is still queued. */
export type BusPriority = "system" | "data";

/** A message class, for filters, registration and `instanceof`. */
export type BusMessageClass<M extends BusMessage = BusMessage> = abstract new (...init: never[]) => M;

/** What agents say to each other. Extend {@link BusDataMessage} or {@link BusSystemMessage}. */
export abstract class BusMessage {
  static readonly priority: BusPriority = "data";
  /** True for messages that never leave this process. */
  static readonly local: boolean = false;

  readonly source: string;
  readonly target: string | undefined;

  constructor(init: BusMessageInit) {
    this.source = init.source;
    this.target = init.target;
  }
}

/** Handled in order with the other data messages. */
export class BusDataMessage extends BusMessage {}

/** Handled ahead of data messages that are still queued. */
export class BusSystemMessage extends BusMessage {
  static override readonly priority: BusPriority = "system";
}

/** Never leaves this process. */
export class BusLocalMessage extends BusSystemMessage {
  static override readonly local: boolean = true;
}

export function priorityOf(message: BusMessage): BusPriority {
  return (message.constructor as typeof BusMessage).priority;
}

export function isLocal(message: BusMessage): boolean {
  return (message.constructor as typeof BusMessage).local;
}
