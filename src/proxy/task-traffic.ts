import {
  type BusMessage,
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
