/** How a pipeline ended. */
export interface PipelineOutcome {
  readonly cancelled: boolean;
  readonly reason: string | undefined;
}
