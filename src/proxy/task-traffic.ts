import {
  type BusMessage,
  BusTaskCancelMessage,
  BusTaskResponseMessage,
  BusTaskResponseUrgentMessage,
  BusTaskStreamDataMessage,
  BusTaskStreamEndMessage,
  BusTaskStreamStartMessage,
  BusTaskUpdateMessage,
  BusTaskUpdateUrgentMessage,
} from "../bus/index.ts";

/** A message that says how a task is going, from the agent that was asked to the one that asked. */
export interface TaskAnswer extends BusMessage {
  readonly taskId: string;
}

/** True for everything a worker says about a task. */
export function isTaskAnswer(message: BusMessage): message is TaskAnswer {
  return (
    message instanceof BusTaskUpdateMessage ||
    message instanceof BusTaskUpdateUrgentMessage ||
    message instanceof BusTaskStreamDataMessage ||
    message instanceof BusTaskStreamStartMessage ||
    isLastAnswer(message)
  );
}

/** True for the message after which a worker has nothing more to say. */
export function isLastAnswer(message: BusMessage): message is TaskAnswer {
  return (
    message instanceof BusTaskResponseMessage ||
    message instanceof BusTaskResponseUrgentMessage ||
    message instanceof BusTaskStreamEndMessage
  );
}

const maxReasonLength = 1_000;

/** A cancel waits for a request that it has overtaken; a reason is for people, and what is longer is cut. */
export function withShortReason(message: BusMessage): BusMessage {
  if (!(message instanceof BusTaskCancelMessage) || (message.reason?.length ?? 0) <= maxReasonLength) return message;
  const { source, target, taskId, reason = "" } = message;
  // Written and read again, because a piece of a text keeps the whole of it in memory.
  const cut = JSON.parse(JSON.stringify(reason.slice(0, maxReasonLength))) as string;
  return new BusTaskCancelMessage({ source, target, taskId, reason: cut });
}
