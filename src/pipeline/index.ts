export { FlushFrame } from "./flush-frame.ts";
export {
  FrameProcessorPauseFrame,
  type FrameProcessorPauseFrameInit,
  FrameProcessorPauseUrgentFrame,
  FrameProcessorResumeFrame,
  FrameProcessorResumeUrgentFrame,
} from "./frame-processor-pause-frame.ts";
export { ParallelPipeline } from "./parallel-pipeline.ts";
export { Pipeline } from "./pipeline.ts";
export type { PipelineObserver, PushedFrame } from "./pipeline-observer.ts";
export type { PipelineOutcome } from "./pipeline-outcome.ts";
export { PipelineTask } from "./pipeline-task.ts";
export type { PipelineTaskEvents, PipelineTaskOptions } from "./pipeline-task-options.ts";
export {
  type Branch,
  FrameProcessor,
  type FrameProcessorOptions,
  type Leave,
  type ProcessorPlace,
} from "./processor.ts";
export type { StopMeasuring } from "./processor-metrics.ts";
export type { ProcessorState } from "./processor-state.ts";
export type { Transport } from "./transport.ts";
