import { messageOf } from "../errors.ts";
import {
  CancelFrame,
  ErrorFrame,
  type Frame,
  type FrameDirection,
  InterruptionFrame,
  isInterruptible,
  StartFrame,
  SystemFrame,
} from "../frames/index.ts";
import { Deque, done, Inbox, type Turn } from "../util/index.ts";
import type { PushedFrame } from "./pipeline-observer.ts";
import type { Branch, FrameProcessor, Leave, ProcessorPlace } from "./processor.ts";

interface Arrival {
  readonly frame: Frame;
  readonly direction: FrameDirection;
}

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
 * 3. An interruption drops what waits and may be dropped, and aborts the work in progress if that may be.
 * 4. Only downstream pushes wait for room. If upstream ones did too, two full neighbours would wait for each other.
 * 5. An error that was reported is heard, also when the pipeline ends before it has travelled all the way.
 */
export class Stage implements ProcessorPlace {
  readonly processor: FrameProcessor;
  previous: Stage | undefined;
  next: Stage | undefined;
  readonly #inbox: Inbox<Arrival>;
  readonly #options: StageOptions;
  readonly #early = new Deque<Arrival>();
  #state: "waiting" | "started" | "cancelled" | "closed" = "waiting";
  #cancelled = false;
  #current: { readonly frame: Frame; aborted: boolean } | undefined;
  #abort: AbortController | undefined;

  constructor(processor: FrameProcessor, options: StageOptions) {
    this.processor = processor;
    this.#options = options;
    this.#inbox = new Inbox({
      turn: options.turn,
      handle: (arrival) => this.#handle(arrival),
      onError: (error) => this.#failed(error),
    });
    processor.attach(this);
    options.adopt(this);
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#state === "cancelled" || this.#state === "closed") this.#abort.abort();
    return this.#abort.signal;
  }

  push(frame: Frame, direction: FrameDirection): Promise<void> {
    const neighbour = direction === "downstream" ? this.next : this.previous;
    if (neighbour === undefined) return done;
    if (this.#state === "closed") return this.#strand({ frame, direction });
    const { onPushed } = this.#options;
    if (onPushed !== undefined) {
      const timestampMs = performance.timeOrigin + performance.now();
      onPushed({ frame, source: this.processor, destination: neighbour.processor, direction, timestampMs });
    }
    return neighbour.receive(frame, direction);
  }

  pushError(error: unknown, fatal: boolean): Promise<void> {
    const { name } = this.processor;
    return this.push(
      new ErrorFrame({ error: `${name}: ${messageOf(error)}`, fatal, cause: error, processor: name }),
      "upstream",
    );
  }

  branch(processors: readonly FrameProcessor[], leave: Leave): Branch {
    return this.#options.branch(processors, leave);
  }

  receive(frame: Frame, direction: FrameDirection): Promise<void> {
    const arrival = { frame, direction };
    if (this.#state === "closed" || this.#state === "cancelled") return this.#strand(arrival);
    if (this.#state === "waiting" && !(frame instanceof StartFrame || frame instanceof CancelFrame)) {
      this.#early.push(arrival);
      return done;
    }
    if (!(frame instanceof SystemFrame)) {
      this.#inbox.push(arrival, false);
      const { maxQueuedFrames } = this.#options;
      const full = direction === "downstream" && this.#inbox.size > maxQueuedFrames;
      return full ? this.#inbox.roomFor(maxQueuedFrames >> 1) : done;
    }
    if (frame instanceof InterruptionFrame) this.#interrupt();
    if (frame instanceof CancelFrame) this.#cancel();
    this.#inbox.push(arrival, true);
    return done;
  }

  /** Resolves once everything received so far is handled. */
  async flushed(): Promise<void> {
    await Promise.all([this.#inbox.flushed(), this.#inbox.urgentFlushed()]);
  }

  /** The same for system frames. */
  urgentFlushed(): Promise<void> {
    return this.#inbox.urgentFlushed();
  }

  /** Handles nothing more and aborts what is in progress. */
  close(): void {
    this.#state = "closed";
    const waiting = [...this.#inbox.close(), ...this.#early];
    this.#early.clear();
    this.#abort?.abort();
    for (const arrival of waiting) void this.#strand(arrival);
  }

  #strand({ frame, direction }: Arrival): Promise<void> {
    if (frame instanceof ErrorFrame && direction === "upstream") this.#options.onStrandedError(frame);
    return done;
  }

  #handle({ frame, direction }: Arrival): void | Promise<void> {
    if (frame instanceof StartFrame) return this.#start(frame, direction);
    if (!(frame instanceof SystemFrame)) this.#current = { frame, aborted: false };
    return this.processor.process(frame, direction);
  }

  #failed(error: unknown): void {
    // What a cancel breaks off fails as it should; so does work that was told to stop and says so.
    if (this.#cancelled) return;
    const told = this.#current?.aborted || this.#state === "closed";
    if (told && error instanceof Error && error.name === "AbortError") return;
    // No frame ever passes a processor that did not start.
    void this.pushError(error, this.#state === "waiting");
  }

  async #start(frame: StartFrame, direction: FrameDirection): Promise<void> {
    await this.processor.process(frame, direction);
    if (this.#state !== "waiting") return;
    this.#state = "started";
    for (let arrival = this.#early.shift(); arrival !== undefined; arrival = this.#early.shift()) {
      void this.receive(arrival.frame, arrival.direction);
    }
  }

  #interrupt(): void {
    this.#inbox.retain(({ frame }) => !isInterruptible(frame));
    const current = this.#inbox.busy ? this.#current : undefined;
    if (current === undefined || isInterruptible(current.frame)) this.#abortWork();
  }

  #cancel(): void {
    this.#state = "cancelled";
    this.#cancelled = true;
    for (const arrival of this.#early) void this.#strand(arrival);
    this.#early.clear();
    this.#inbox.retain(() => false);
    this.#abortWork();
  }

  #abortWork(): void {
    if (this.#current !== undefined) this.#current.aborted = true;
    this.#abort?.abort();
    this.#abort = undefined;
  }
}
