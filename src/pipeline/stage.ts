import { messageOf } from "../errors.ts";
import {
  CancelFrame,
  ControlFrame,
  EndFrame,
  ErrorFrame,
  type Frame,
  type FrameDirection,
  InterruptionFrame,
  isInterruptible,
  StartFrame,
  StopFrame,
  SystemFrame,
} from "../frames/index.ts";
import { deferred, done, type Turn } from "../util/index.ts";
import { pauses, resumes } from "./frame-processor-pause-frame.ts";
import { type Arrival, FrameQueue, FrameRefusedError } from "./frame-queue.ts";
import type { PushedFrame } from "./pipeline-observer.ts";
import type { Branch, FrameProcessor, Leave, ProcessorPlace } from "./processor.ts";
import { ProcessorMetrics } from "./processor-metrics.ts";
import type { ProcessorState } from "./processor-state.ts";

export interface StageOptions {
  readonly turn: Turn;
  /** How many data and control frames may wait before downstream pushes wait too. */
  readonly maxQueuedFrames: number;
  /** Takes an error that can no longer travel upstream. */
  onStrandedError(frame: ErrorFrame): void;
  /** Takes the stage into the care of whoever runs the pipeline. A stage comes after those inside its processor. */
  adopt(stage: Stage): void;
  branch(processors: readonly FrameProcessor[], leave: Leave): Branch;
  /** Sees every push from one processor to another, before it arrives. Default: nobody looks, and it costs nothing. */
  readonly onPushed?: ((pushed: PushedFrame) => void) | undefined;
}

/**
 * A processor's place in a pipeline: what waits for it, and who its neighbours are.
 *
 * 1. System frames go ahead of queued frames; the others keep their order.
 * 2. No frame but `StartFrame` and `CancelFrame` is handled before the start is; the rest waits, in order.
 * 3. An interruption drops what waits and may be dropped, and aborts the work in progress if that may be. What comes
 *    after it waits until it has been handled, lest the next processor drop that too.
 * 4. Only downstream pushes wait for room. If upstream ones did too, two full neighbours would wait for each other.
 *    What the queue refuses in the end is reported as an error.
 * 5. An error that was reported is heard, also when the pipeline ends before it has travelled all the way.
 * 6. While the processor is paused, data and control frames wait; what is being handled goes on.
 * 7. A frame from outside overtakes none of those it is to follow, and nothing that entered before the end stays
 *    behind it. An interruption from outside drops what came from there, not what the pipeline has queued.
 */
export class Stage implements ProcessorPlace {
  readonly processor: FrameProcessor;
  previous: Stage | undefined;
  next: Stage | undefined;
  readonly #queue: FrameQueue;
  readonly #options: StageOptions;
  #state: "waiting" | "started" | "cancelled" | "closed" = "waiting";
  #cancelled = false;
  #current: Arrival | undefined;
  #abort: AbortController | undefined;
  #metrics: ProcessorMetrics | undefined;

  constructor(processor: FrameProcessor, options: StageOptions) {
    this.processor = processor;
    this.#options = options;
    this.#queue = new FrameQueue({
      turn: options.turn,
      maxQueuedFrames: options.maxQueuedFrames,
      handle: (arrival) => this.#handle(arrival),
      onError: (error) => this.#failed(error),
      onRefused: (error) => void this.pushError(error, false),
    });
    processor.attach(this);
    options.adopt(this);
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#state === "cancelled" || this.#state === "closed") this.#abort.abort();
    return this.#abort.signal;
  }

  get metrics(): ProcessorMetrics | undefined {
    return this.#metrics;
  }

  get state(): ProcessorState {
    return { name: this.processor.name, ...this.#queue.state };
  }

  push(frame: Frame, direction: FrameDirection): Promise<void> {
    const neighbour = direction === "downstream" ? this.next : this.previous;
    if (neighbour === undefined) return done;
    if (this.#state === "closed") return this.#strand(frame, direction);
    const { onPushed } = this.#options;
    if (onPushed !== undefined) {
      const timestampMs = performance.timeOrigin + performance.now();
      onPushed({ frame, source: this.processor, destination: neighbour.processor, direction, timestampMs });
    }
    return neighbour.receive(frame, direction);
  }

  pushError(error: unknown, fatal: boolean): Promise<void> {
    const { name } = this.processor;
    const frame = new ErrorFrame({ error: `${name}: ${messageOf(error)}`, fatal, cause: error, processor: name });
    return this.previous === undefined ? this.#strand(frame, "upstream") : this.push(frame, "upstream");
  }

  branch(processors: readonly FrameProcessor[], leave: Leave): Branch {
    return this.#options.branch(processors, leave);
  }

  receive(frame: Frame, direction: FrameDirection): Promise<void> {
    if (this.#state === "closed" || this.#state === "cancelled") return this.#strand(frame, direction);
    const arrival = { frame, direction, passing: undefined, aborted: false };
    if (!(frame instanceof SystemFrame)) {
      // Behind what it is to let go it would wait for itself.
      if (this.#queue.paused && resumes(frame, this.processor)) this.resume();
      return this.#queue.add(arrival);
    }
    if (frame instanceof InterruptionFrame) this.#interrupt();
    if (frame instanceof CancelFrame) this.#cancel();
    return this.#queue.addSystem(arrival);
  }

  pass(frame: Frame, direction: FrameDirection, mustFollow: (waiting: Frame) => boolean): Promise<void> {
    if (this.#state === "closed" || this.#state === "cancelled") return this.#strand(frame, direction);
    if (frame instanceof InterruptionFrame) {
      this.#queue.drop((waiting) => waiting.passing !== undefined && isInterruptible(waiting.frame));
    }
    const isSystem = frame instanceof SystemFrame;
    const waits = isSystem ? this.#state === "waiting" : this.#mustWait(mustFollow);
    if (!waits) return this.push(frame, direction);
    const arrival = { frame, direction, passing: deferred(), aborted: false };
    return isSystem ? this.#queue.addSystem(arrival) : this.#queue.add(arrival);
  }

  pause(): void {
    // Whoever has sent that wants what waits before it to be handled.
    if (this.#queue.some(({ frame }) => resumes(frame, this.processor))) return;
    this.#queue.pause();
  }

  resume(): void {
    this.#queue.resume();
  }

  /** Resolves once everything received so far is handled. */
  async flushed(): Promise<void> {
    await Promise.all([this.#queue.flushed(), this.#queue.urgentFlushed()]);
  }

  /** The same for system frames. */
  urgentFlushed(): Promise<void> {
    return this.#queue.urgentFlushed();
  }

  /** Handles nothing more and aborts what is in progress. */
  close(): void {
    this.#state = "closed";
    const waiting = this.#queue.close();
    this.#abort?.abort();
    for (const { frame, direction } of waiting) void this.#strand(frame, direction);
  }

  #strand(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof ErrorFrame && direction === "upstream") this.#options.onStrandedError(frame);
    return done;
  }

  #handle(arrival: Arrival): void | Promise<void> {
    return arrival.frame instanceof InterruptionFrame ? this.#interruption(arrival) : this.#handleNow(arrival);
  }

  #handleNow(arrival: Arrival): void | Promise<void> {
    const { frame, direction, passing } = arrival;
    if (frame instanceof SystemFrame) {
      if (frame instanceof StartFrame) return this.#start(frame, direction);
      this.#obey(frame);
    } else {
      this.#current = arrival;
      // Data orders nothing, and most frames are data.
      if (frame instanceof ControlFrame) {
        this.#obey(frame);
        if (isEnd(frame)) this.#letAllPass();
      }
    }
    const handled = passing === undefined ? this.processor.process(frame, direction) : this.push(frame, direction);
    passing?.resolve();
    return handled;
  }

  async #interruption(arrival: Arrival): Promise<void> {
    try {
      await this.#handleNow(arrival);
    } finally {
      this.#queue.interrupted();
    }
  }

  /** What a frame says to the place, not to the processor. */
  #obey(frame: Frame): void {
    if (pauses(frame, this.processor)) this.pause();
    else if (resumes(frame, this.processor)) this.resume();
  }

  /** Nothing moves behind an end, so what is only to pass goes before it. */
  #letAllPass(): void {
    this.#queue.drop(({ frame, direction, passing }) => {
      if (passing !== undefined) void this.push(frame, direction);
      return passing !== undefined;
    });
  }

  #mustWait(mustFollow: (waiting: Frame) => boolean): boolean {
    const atEnd = this.#queue.busy && this.#current !== undefined && isEnd(this.#current.frame);
    if (atEnd) return false;
    if (this.#state === "waiting" || this.#queue.paused) return true;
    return this.#queue.some(({ frame, passing }) => passing !== undefined || mustFollow(frame));
  }

  #failed(error: unknown): void {
    // What a cancel breaks off fails as it should; so does work that was told to stop and says so.
    if (this.#cancelled) return;
    const told = this.#current?.aborted || this.#state === "closed";
    if (told && error instanceof Error && error.name === "AbortError") return;
    // No frame ever passes a processor that did not start.
    const fatal = this.#state === "waiting";
    if (fatal || !(error instanceof FrameRefusedError)) void this.pushError(error, fatal);
  }

  async #start(frame: StartFrame, direction: FrameDirection): Promise<void> {
    this.#metrics = ProcessorMetrics.for(frame, this.processor.name, (metrics) => this.push(metrics, "downstream"));
    await this.processor.process(frame, direction);
    if (this.#state !== "waiting") return;
    this.#state = "started";
    if (this.#queue.begin().some((early) => early.frame instanceof InterruptionFrame)) this.#abortWork();
  }

  #interrupt(): void {
    this.#queue.drop(({ frame }) => isInterruptible(frame));
    // The start is not to be broken off.
    if (this.#state === "waiting") return;
    const current = this.#queue.busy ? this.#current : undefined;
    if (current === undefined || isInterruptible(current.frame)) this.#abortWork();
  }

  #cancel(): void {
    this.#state = "cancelled";
    this.#cancelled = true;
    for (const { frame, direction } of this.#queue.dropAll()) void this.#strand(frame, direction);
    this.#abortWork();
  }

  #abortWork(): void {
    if (this.#current !== undefined) this.#current.aborted = true;
    this.#abort?.abort();
    this.#abort = undefined;
  }
}

function isEnd(frame: Frame): boolean {
  return frame instanceof EndFrame || frame instanceof StopFrame;
}
