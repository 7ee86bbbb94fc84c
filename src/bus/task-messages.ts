import { BusDataMessage, type BusMessageInit, BusSystemMessage } from "./message.ts";

/** How a task ended. */
export type TaskStatus = "completed" | "cancelled" | "failed" | "error";

export interface BusTaskMessageInit extends BusMessageInit {
  readonly taskId: string;
}

export interface BusTaskRequestMessageInit extends BusTaskMessageInit {
  /** Which of the agent's handlers is meant. Default: `default`. */
  readonly taskName?: string | undefined;
  readonly payload?: unknown;
}

/** Asks an agent for work. */
export class BusTaskRequestMessage extends BusDataMessage {
  readonly taskId: string;
  readonly taskName: string | undefined;
  readonly payload: unknown;

  constructor(init: BusTaskRequestMessageInit) {
    super(init);
    this.taskId = init.taskId;
    this.taskName = init.taskName;
    this.payload = init.payload;
  }
}

export interface BusTaskResponseMessageInit extends BusTaskMessageInit {
  readonly status: TaskStatus;
  readonly response?: unknown;
}

/** The last word on a task. */
export class BusTaskResponseMessage extends BusDataMessage {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly response: unknown;

  constructor(init: BusTaskResponseMessageInit) {
    super(init);
    this.taskId = init.taskId;
    this.status = init.status;
    this.response = init.response;
  }
}

/** The last word on a task, ahead of queued data. */
export class BusTaskResponseUrgentMessage extends BusSystemMessage {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly response: unknown;

  constructor(init: BusTaskResponseMessageInit) {
    super(init);
    this.taskId = init.taskId;
    this.status = init.status;
    this.response = init.response;
  }
}

export interface BusTaskUpdateMessageInit extends BusTaskMessageInit {
  readonly update?: unknown;
}

/** Progress of a task. */
export class BusTaskUpdateMessage extends BusDataMessage {
  readonly taskId: string;
  readonly update: unknown;

  constructor(init: BusTaskUpdateMessageInit) {
    super(init);
    this.taskId = init.taskId;
    this.update = init.update;
  }
}

/** Progress of a task, ahead of queued data. */
export class BusTaskUpdateUrgentMessage extends BusSystemMessage {
  readonly taskId: string;
  readonly update: unknown;

  constructor(init: BusTaskUpdateMessageInit) {
    super(init);
    this.taskId = init.taskId;
    this.update = init.update;
  }
}

/** Asks the worker how far it is. */
export class BusTaskUpdateRequestMessage extends BusDataMessage {
  readonly taskId: string;

  constructor(init: BusTaskMessageInit) {
    super(init);
    this.taskId = init.taskId;
  }
}

export interface BusTaskCancelMessageInit extends BusTaskMessageInit {
  readonly reason?: string | undefined;
}

/** Tells the worker that nobody waits for the task any more. */
export class BusTaskCancelMessage extends BusSystemMessage {
  readonly taskId: string;
  readonly reason: string | undefined;

  constructor(init: BusTaskCancelMessageInit) {
    super(init);
    this.taskId = init.taskId;
    this.reason = init.reason;
  }
}

export interface BusTaskStreamMessageInit extends BusTaskMessageInit {
  readonly data?: unknown;
}

/** A stream of results begins. */
export class BusTaskStreamStartMessage extends BusDataMessage {
  readonly taskId: string;
  readonly data: unknown;

  constructor(init: BusTaskStreamMessageInit) {
    super(init);
    this.taskId = init.taskId;
    this.data = init.data;
  }
}

/** A piece of a stream of results. */
export class BusTaskStreamDataMessage extends BusDataMessage {
  readonly taskId: string;
  readonly data: unknown;

  constructor(init: BusTaskStreamMessageInit) {
    super(init);
    this.taskId = init.taskId;
    this.data = init.data;
  }
}

/** A stream of results has ended; its data is the task's response. */
export class BusTaskStreamEndMessage extends BusDataMessage {
  readonly taskId: string;
  readonly data: unknown;

  constructor(init: BusTaskStreamMessageInit) {
    super(init);
    this.taskId = init.taskId;
    this.data = init.data;
  }
}
