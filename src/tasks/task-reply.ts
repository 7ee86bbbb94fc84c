import {
  type BusMessage,
  BusTaskResponseMessage,
  BusTaskResponseUrgentMessage,
  BusTaskStreamDataMessage,
  BusTaskStreamEndMessage,
  BusTaskStreamStartMessage,
  BusTaskUpdateMessage,
  BusTaskUpdateUrgentMessage,
  type TaskStatus,
} from "../bus/index.ts";
import type { TaskEvent } from "./task-event.ts";

/** What a worker says to its requester: something on the way, its answer, or both in one. */
export interface TaskReply {
  readonly taskId: string;
  readonly agentName: string;
  readonly event?: TaskEvent;
  readonly answer?: TaskAnswer;
}

export interface TaskAnswer {
  readonly status: TaskStatus;
  readonly response: unknown;
}

/** Reads a message as a reply; gives nothing for any other message. */
export function taskReplyOf(message: BusMessage): TaskReply | undefined {
  // Every message of an agent comes by here, and most are frames.
  if (!("taskId" in message)) return undefined;
  if (message instanceof BusTaskUpdateMessage || message instanceof BusTaskUpdateUrgentMessage) {
    return said(message, { event: { type: "update", data: message.update } });
  }
  if (message instanceof BusTaskResponseMessage || message instanceof BusTaskResponseUrgentMessage) {
    return said(message, { answer: { status: message.status, response: message.response } });
  }
  if (message instanceof BusTaskStreamStartMessage) {
    return said(message, { event: { type: "streamStart", data: message.data } });
  }
  if (message instanceof BusTaskStreamDataMessage) {
    return said(message, { event: { type: "streamData", data: message.data } });
  }
  if (message instanceof BusTaskStreamEndMessage) {
    const { data } = message;
    return said(message, { event: { type: "streamEnd", data }, answer: { status: "completed", response: data } });
  }
  return undefined;
}

function said(message: { taskId: string; source: string }, what: Pick<TaskReply, "event" | "answer">): TaskReply {
  return { taskId: message.taskId, agentName: message.source, ...what };
}

/** The worker's own words if it has any, as ours have: `{ error }` of a handler that threw, `{ reason }` of a cancel. */
export function reasonOf(answer: TaskAnswer): string {
  const { response } = answer;
  if (typeof response === "object" && response !== null) {
    if ("error" in response && typeof response.error === "string") return response.error;
    if ("reason" in response && typeof response.reason === "string") return response.reason;
  }
  return answer.status;
}
