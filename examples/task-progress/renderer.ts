import { setTimeout as pause } from "node:timers/promises";
import { BaseAgent, sequential, type TaskRequest } from "trunkline";

export interface RenderJob {
  readonly frames: number;
}

/** What an update of the job says. */
export interface RenderProgress {
  readonly done: number;
}

const renderMs = 50;
const framesPerSecond = 25;

/** Renders films frame by frame, one film at a time, and tells after each frame how far it is. */
export class Renderer extends BaseAgent {
  override tasks = {
    render: sequential(async (task: TaskRequest<RenderJob>) => {
      const { frames } = task.payload;
      for (let done = 1; done <= frames; done += 1) {
        await renderFrame(task.signal);
        await task.update({ done } satisfies RenderProgress);
      }
      return { frames, seconds: frames / framesPerSecond };
    }),
  };
}

/** Stands for work that takes its time; it throws as soon as the signal aborts. */
async function renderFrame(signal: AbortSignal): Promise<void> {
  await pause(renderMs, undefined, { signal });
}
