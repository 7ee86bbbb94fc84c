import { messageOf, TrunklineError } from "../errors.ts";
import {
  CancelFrame,
  EndFrame,
  ErrorFrame,
  type Frame,
  type FrameDirection,
  StartFrame,
  StopFrame,
} from "../frames/index.ts";
import { type Deferred, deferred, Emitter, type EventHandler, Turn, within } from "../util/index.ts";
import { FlushFrame } from "./flush-frame.ts";
import { IdleTimer } from "./idle-timer.ts";
import { Line } from "./line.ts";
import type { Pipeline } from "./pipeline.ts";
import { Observers, type PushedFrame } from "./pipeline-observer.ts";
import type { PipelineOutcome } from "./pipeline-outcome.ts";
import type { PipelineTaskEvents, PipelineTaskOptions } from "./pipeline-task-options.ts";
import type { FrameProcessor } from "./processor.ts";
import type { ProcessorState } from "./processor-state.ts";
import type { Stage, StageOptions } from "./stage.ts";

type State = "created" | "starting" | "running" | "ending" | "finishing" | "finished";

const cancelGraceMs = 500;
const upstreamGraceMs = 500;
const cleanupGraceMs = 1_000;

/**
 * Runs a pipeline once, from start to end.
 *
 * 1. created -> starting -> running -> ending -> finishing -> finished; a cancel skips to finishing from anywhere.
 * 2. Frames queued before the start wait for it; frames queued after the end are refused.
 * 3. `end` lets everything queued before it pass, and what that sent upstream too; `cancel` drops it.
 * 4. Every processor is cleaned up exactly once. One that does not finish that within a second is reported and left.
 * 5. Handlers of `started` and `finished` hold nothing up: they may wait for the end.
 */
export class PipelineTask {
  // From above to below; the stages inside a processor come before its own.
  readonly #stages: Stage[] = [];
  readonly #line: Line;
  readonly #options: PipelineTaskOptions;
  readonly #events = new Emitter<PipelineTaskEvents>((error) => this.#reportHandler(error));
  readonly #started: Deferred<void> = deferred();
  readonly #finished: Deferred<PipelineOutcome> = deferred();
  readonly #observers: Observers | undefined;
  readonly #idleTimer: IdleTimer | undefined;
  #state: State = "created";
  #reason: string | undefined;

  constructor(pipeline: Pipeline, options: PipelineTaskOptions = {}) {
    this.#options = options;
    const { observers = [], idleTimeoutMs, idleFrames, maxQueuedFrames = 1_024 } = options;
    if (!(maxQueuedFrames >= 1)) {
      const message = `maxQueuedFrames is ${maxQueuedFrames}. Give it a number of at least 1, or leave it out.`;
      throw new TrunklineError("TL_INVALID_OPTION", message);
    }
    if (observers.length > 0) this.#observers = new Observers(observers, (frame) => void this.#reachedUpstream(frame));
    if (idleTimeoutMs !== undefined) {
      this.#idleTimer = new IdleTimer({ idleTimeoutMs, idleFrames, onIdle: () => this.#idle() });
    }
    const observed = this.#observers !== undefined || this.#idleTimer !== undefined;
    const stageOptions: StageOptions = {
      turn: new Turn(),
      maxQueuedFrames,
      onStrandedError: (frame) => void this.#reachedUpstream(frame),
      adopt: (stage) => void this.#stages.push(stage),
      branch: (processors, leave) => new Line(processors, stageOptions, leave),
      onPushed: observed ? (pushed) => this.#pushed(pushed) : undefined,
    };
    this.#line = new Line(pipeline.processors, stageOptions, (frame, direction) =>
      direction === "downstream" ? this.#reachedDownstream(frame) : this.#reachedUpstream(frame),
    );
  }

  get running(): boolean {
    return this.#state === "running";
  }

  /** True from the moment it takes no more frames. */
  get over(): boolean {
    return this.#state === "finishing" || this.#state === "finished";
  }

  /** What waits at each processor, from above to below, with those that stand at the ends. */
  get processorStates(): readonly ProcessorState[] {
    return this.#stages.map((stage) => stage.state);
  }

  /** Resolves once the pipeline has ended and all processors are cleaned up. */
  get finished(): Promise<PipelineOutcome> {
    return this.#finished.promise;
  }

  /** Adds a handler; the returned function takes it away again. */
  on<E extends keyof PipelineTaskEvents>(event: E, handler: EventHandler<PipelineTaskEvents[E]>): () => void {
    return this.#events.on(event, handler);
  }

  /** Sends the start through; resolves once it has passed every processor, or the pipeline has ended before that. */
  async start(): Promise<void> {
    if (this.#state === "created") {
      this.#state = "starting";
      void this.#line.receive(new StartFrame(this.#options.start), "downstream");
    }
    await Promise.race([this.#started.promise, this.#finished.promise]);
  }

  /**
   * Puts a frame in at the upper end, or at the lower one if it travels upstream. Waits like a push, but not before
   * {@link start} has been called.
   * @throws TrunklineError `TL_PIPELINE_ENDED` after the end, `TL_QUEUE_FULL` when 65,536 frames wait already
   */
  queueFrame(frame: Frame, direction: FrameDirection = "downstream"): Promise<void> {
    if (this.over) {
      return Promise.reject(
        new TrunklineError("TL_PIPELINE_ENDED", `${frame.name} was not queued: the pipeline has ended.`),
      );
    }
    return this.#line.receive(frame, direction);
  }

  /** Ends once everything queued so far has passed. A pipeline that has not started is started first if `start` is called. */
  async end(reason?: string): Promise<PipelineOutcome> {
    if (this.#state === "created") {
      this.#state = "finishing";
      await this.#finish(false, reason);
    } else if (this.#state === "starting" || this.#state === "running") {
      this.#state = "ending";
      this.#reason = reason;
      await this.#line.receive(new EndFrame({ reason }), "downstream");
    }
    return this.finished;
  }

  /** Ends now. Processors see a `CancelFrame`, for at most half a second. */
  async cancel(reason?: string): Promise<PipelineOutcome> {
    if (this.over) return this.finished;
    const untouched = this.#state === "created";
    this.#state = "finishing";
    if (!untouched) {
      for (const stage of this.#stages) void stage.receive(new CancelFrame({ reason }), "downstream");
      await within(Promise.all(this.#stages.map((stage) => stage.urgentFlushed())), cancelGraceMs);
    }
    await this.#finish(true, reason);
    return this.finished;
  }

  #reachedUpstream(frame: Frame): Promise<void> | undefined {
    if (!(frame instanceof ErrorFrame)) return this.#emit("frameReachedUpstream", frame);
    const heard = this.#events.has("error") ? this.#events.emit("error", frame) : this.#reportUnheard(frame);
    if (frame.fatal) void this.cancel(frame.error);
    return heard;
  }

  #reachedDownstream(frame: Frame): Promise<void> | undefined {
    if (frame instanceof StartFrame) {
      if (this.#state === "starting") this.#state = "running";
      this.#started.resolve();
      if (!this.over) this.#idleTimer?.start();
      this.#observers?.started();
      void this.#events.emit("started", undefined);
      return undefined;
    }
    if (frame instanceof EndFrame || frame instanceof StopFrame) {
      if (this.over) return undefined;
      this.#state = "finishing";
      return this.#endReached(frame instanceof EndFrame ? (frame.reason ?? this.#reason) : undefined);
    }
    if (frame instanceof FlushFrame) frame.leave();
    return this.#emit("frameReachedDownstream", frame);
  }

  #pushed(pushed: PushedFrame): void {
    this.#idleTimer?.see(pushed.frame);
    this.#observers?.pushed(pushed);
  }

  #idle(): void {
    if (this.over) return;
    void this.#events.emit("idle", undefined);
    if (this.#options.cancelOnIdle ?? true) void this.cancel("idle");
  }

  #emit(event: "frameReachedUpstream" | "frameReachedDownstream", frame: Frame): Promise<void> | undefined {
    return this.#events.has(event) ? this.#events.emit(event, frame) : undefined;
  }

  async #endReached(reason: string | undefined): Promise<void> {
    await within(this.#upstreamFlushed(), upstreamGraceMs);
    await this.#finish(false, reason);
  }

  /** What the last frames have sent upstream is still on its way when the end leaves below. */
  async #upstreamFlushed(): Promise<void> {
    for (const stage of this.#stages.slice(0, -1).reverse()) await stage.flushed();
  }

  async #finish(cancelled: boolean, reason: string | undefined): Promise<void> {
    this.#idleTimer?.stop();
    for (const stage of this.#stages) stage.close();
    for (const { processor } of this.#stages) await this.#cleanUp(processor);
    this.#state = "finished";
    const outcome = { cancelled, reason };
    this.#finished.resolve(outcome);
    this.#observers?.finished(outcome);
    await this.#events.emit("finished", outcome);
  }

  async #cleanUp(processor: FrameProcessor): Promise<void> {
    const { name } = processor;
    try {
      const cleanedUp = processor.cleanup();
      if (cleanedUp === undefined || (await within(cleanedUp, cleanupGraceMs)) === "done") return;
      throw new TrunklineError("TL_SHUTDOWN_LATE", `It was not cleaned up within ${cleanupGraceMs} ms.`);
    } catch (cause) {
      void this.#reachedUpstream(new ErrorFrame({ error: `${name}: ${messageOf(cause)}`, cause, processor: name }));
    }
  }

  async #reportUnheard(frame: ErrorFrame): Promise<void> {
    console.error("trunkline: a frame processor failed", frame.cause ?? frame.error);
  }

  #reportHandler(error: unknown): void {
    if (this.#events.has("error")) {
      void this.#events.emit(
        "error",
        new ErrorFrame({ error: messageOf(error), cause: error, processor: "PipelineTask" }),
      );
    } else console.error("trunkline: a pipeline event handler failed", error);
  }
}
