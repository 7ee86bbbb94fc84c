export { FlushFrame } from "./flush-frame.ts";
export { Pipeline } from "./pipeline.ts";
export {
  type PipelineOutcome,
  PipelineTask,
  type PipelineTaskEvents,
  type PipelineTaskOptions,
} from "./pipeline-task.ts";
export { FrameProcessor, type FrameProcessorOptions, type ProcessorPlace } from "./processor.ts";
export type { Transport } from "./transport.ts";
