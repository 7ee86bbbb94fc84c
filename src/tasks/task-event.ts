/** What a task says on its way to the response. */
export interface TaskEvent {
  readonly type: "update" | "streamStart" | "streamData" | "streamEnd";
  readonly data: unknown;
}

/** A {@link TaskEvent} and the member of the group it is from. */
export interface TaskGroupEvent extends TaskEvent {
  readonly agentName: string;
}
