/** How far a processor is behind. */
export interface ProcessorState {
  readonly name: string;
  /** True once it has handled the start. */
  readonly started: boolean;
  readonly paused: boolean;
  /** System frames that wait. */
  readonly system: number;
  /** Data and control frames that wait. */
  readonly queued: number;
  /** Frames refused for lack of room, so far. */
  readonly refused: number;
}
