import { type Frame, Pipeline, PipelineTask, type StartFrameInit } from "trunkline";
import type { LLMService } from "trunkline/llm";
import { Recorder } from "./harness.ts";

/** Runs a service with measurements on, through these frames, to its end. */
export async function measured(
  service: LLMService,
  frames: readonly Frame[],
  start: StartFrameInit = { enableMetrics: true, enableUsageMetrics: true },
) {
  const last = new Recorder();
  const task = new PipelineTask(new Pipeline([service, last]), { start });
  // Some of these answers fail on purpose; without a listener that would be logged.
  task.on("error", () => {});
  await task.start();
  for (const frame of frames) await task.queueFrame(frame);
  await task.end();
  return { last };
}
