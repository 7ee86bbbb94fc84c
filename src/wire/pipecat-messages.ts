import { BusDataMessage, type BusMessageInit } from "../bus/index.ts";

/** The successor's plainest message: it says only who it is from and for. */
export class PipecatBusMessage extends BusDataMessage {}

export interface BusTTSSpeakMessageInit extends BusMessageInit {
  readonly text: string;
  /** False keeps the words out of the conversation's context. Default true. */
  readonly appendToContext?: boolean | undefined;
}

/** Asks an agent to speak a text as it is. */
export class BusTTSSpeakMessage extends BusDataMessage {
  readonly text: string;
  readonly appendToContext: boolean;

  constructor(init: BusTTSSpeakMessageInit) {
    super(init);
    this.text = init.text;
    this.appendToContext = init.appendToContext ?? true;
  }
}

export interface BusUIEventMessageInit extends BusMessageInit {
  readonly eventName: string;
  readonly payload?: unknown;
}

/** Something happened in a client's user interface. */
export class BusUIEventMessage extends BusDataMessage {
  readonly eventName: string;
  readonly payload: unknown;

  constructor(init: BusUIEventMessageInit) {
    super(init);
    this.eventName = init.eventName;
    this.payload = init.payload;
  }
}

export interface BusUICommandMessageInit extends BusMessageInit {
  readonly commandName: string;
  readonly payload?: unknown;
}

/** Tells a client's user interface to do something. */
export class BusUICommandMessage extends BusDataMessage {
  readonly commandName: string;
  readonly payload: unknown;

  constructor(init: BusUICommandMessageInit) {
    super(init);
    this.commandName = init.commandName;
    this.payload = init.payload;
  }
}

export interface BusUIJobMessageInit extends BusMessageInit {
  readonly jobId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface BusUIJobGroupStartedMessageInit extends BusUIJobMessageInit {
  readonly workers?: readonly string[] | undefined;
  /** What people are shown. */
  readonly label?: string | undefined;
  /** Whether people may cancel it. Default true. */
  readonly cancellable?: boolean | undefined;
}

/** A group of jobs that people can follow has begun. */
export class BusUIJobGroupStartedMessage extends BusDataMessage {
  readonly jobId: string;
  readonly workers: readonly string[] | undefined;
  readonly label: string | undefined;
  readonly cancellable: boolean;
  readonly at: number;

  constructor(init: BusUIJobGroupStartedMessageInit) {
    super(init);
    this.jobId = init.jobId;
    this.workers = init.workers;
    this.label = init.label;
    this.cancellable = init.cancellable ?? true;
    this.at = init.at;
  }
}

export interface BusUIJobUpdateMessageInit extends BusUIJobMessageInit {
  readonly workerName: string;
  readonly data?: unknown;
}

/** One worker of such a group has got further. */
export class BusUIJobUpdateMessage extends BusDataMessage {
  readonly jobId: string;
  readonly workerName: string;
  readonly data: unknown;
  readonly at: number;

  constructor(init: BusUIJobUpdateMessageInit) {
    super(init);
    this.jobId = init.jobId;
    this.workerName = init.workerName;
    this.data = init.data;
    this.at = init.at;
  }
}

export interface BusUIJobCompletedMessageInit extends BusUIJobMessageInit {
  readonly workerName: string;
  /** How it ended, in the successor's words. */
  readonly status: string;
  readonly response?: unknown;
}

/** One worker of such a group is done. */
export class BusUIJobCompletedMessage extends BusDataMessage {
  readonly jobId: string;
  readonly workerName: string;
  readonly status: string;
  readonly response: unknown;
  readonly at: number;

  constructor(init: BusUIJobCompletedMessageInit) {
    super(init);
    this.jobId = init.jobId;
    this.workerName = init.workerName;
    this.status = init.status;
    this.response = init.response;
    this.at = init.at;
  }
}

/** Every worker of such a group is done. */
export class BusUIJobGroupCompletedMessage extends BusDataMessage {
  readonly jobId: string;
  readonly at: number;

  constructor(init: BusUIJobMessageInit) {
    super(init);
    this.jobId = init.jobId;
    this.at = init.at;
  }
}
