import { BusEdges } from "../bridge/index.ts";
import type { AgentBus, BusFrameMessage } from "../bus/index.ts";
import { TrunklineError } from "../errors.ts";
import type { ErrorFrame, Frame, FrameClass, FrameDirection } from "../frames/index.ts";
import {
  Pipeline,
  type PipelineObserver,
  type PipelineOutcome,
  PipelineTask,
  type PipelineTaskOptions,
} from "../pipeline/index.ts";
import { deferred } from "../util/index.ts";

export interface AgentPipelineOptions {
  readonly bus: AgentBus;
  readonly agentName: string;
  readonly bridges: readonly string[] | undefined;
  readonly excludeFrames: readonly FrameClass[];
  readonly pipeline: PipelineTaskOptions | undefined;
  /** Who watches it beside the observers of its own options. */
  observers(): readonly PipelineObserver[];
  isActive(): boolean;
  onError(frame: ErrorFrame): void;
  /** Nobody has spoken or written for too long, and that is to be the end. */
  onIdleEnd(): void;
  /** The pipeline has ended, asked to or not. */
  onFinished(outcome: PipelineOutcome): void;
}

/** An agent's pipeline, with edges to the bus around it where the agent is bridged. */
export class AgentPipeline {
  readonly #options: AgentPipelineOptions;
  readonly #edges: BusEdges | undefined;
  readonly #built = deferred<PipelineTask | undefined>();
  #task: PipelineTask | undefined;
  #cancelled = false;

  constructor(options: AgentPipelineOptions) {
    this.#options = options;
    const { bridges } = options;
    this.#edges = bridges === undefined ? undefined : new BusEdges({ ...options, bridges });
  }

  get bridged(): boolean {
    return this.#edges !== undefined;
  }

  /** Starts; resolves once the start has passed every processor. After a cancel it only cleans the processors up. */
  async start(inner: Pipeline | undefined): Promise<void> {
    const pipeline = this.#edges?.wrap(inner ?? new Pipeline([])) ?? inner;
    if (pipeline === undefined) {
      this.#built.resolve(undefined);
      return;
    }
    const own = this.#options.pipeline?.observers ?? [];
    const task = new PipelineTask(pipeline, {
      ...this.#options.pipeline,
      observers: [...own, ...this.#options.observers()],
    });
    if (this.#cancelled) {
      await task.cancel();
      return;
    }
    task.on("error", (frame) => this.#options.onError(frame));
    if (this.#options.pipeline?.cancelOnIdle !== false) task.on("idle", () => this.#options.onIdleEnd());
    task.on("finished", (outcome) => this.#options.onFinished(outcome));
    this.#task = task;
    this.#built.resolve(task);
    await task.start();
  }

  queueFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    // The pipeline's own promise: a refusal it has reported already is to trouble nobody who does not wait for it.
    return this.#task?.queueFrame(frame, direction) ?? this.#queueEarly(frame, direction);
  }

  async #queueEarly(frame: Frame, direction: FrameDirection): Promise<void> {
    const task = await this.#built.promise;
    if (task === undefined) {
      const { agentName } = this.#options;
      if (this.#cancelled) {
        throw new TrunklineError("TL_PIPELINE_ENDED", `${frame.name} was not queued: agent "${agentName}" has ended.`);
      }
      throw new TrunklineError(
        "TL_INVALID_OPTION",
        `Agent "${agentName}" has no pipeline to queue ${frame.name} in. Override buildPipeline(), or make it bridged.`,
      );
    }
    await task.queueFrame(frame, direction);
  }

  /** Takes a frame from the bus if the agent is bridged, active and meant, and its pipeline is not over. */
  enter(message: BusFrameMessage): Promise<void> | undefined {
    if (this.#task === undefined || this.#task.over) return undefined;
    const frame = this.#edges?.admit(message);
    return frame === undefined ? undefined : this.#task.queueFrame(frame, message.direction);
  }

  async end(reason: string | undefined): Promise<void> {
    await this.#task?.end(reason);
  }

  async cancel(reason: string | undefined): Promise<void> {
    this.#cancelled = true;
    this.#built.resolve(undefined);
    await this.#task?.cancel(reason);
  }
}
