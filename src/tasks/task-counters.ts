/** What an agent's tasks have let go or passed over. All of it is 0 where everybody keeps to the rules and the limits. */
export interface TaskCounters {
  /** Requests refused with status `failed` because 65,536 were open. */
  readonly refused: number;
  /** Cancels let go, the oldest first, because 1,024 others had come before their requests too. */
  readonly cancelsDropped: number;
  /** Events let go because 65,536 of their task were unread. */
  readonly eventsLost: number;
  /** Messages passed over: of agents that were not asked or did not ask, repeated, or after the end. */
  readonly ignored: number;
}
