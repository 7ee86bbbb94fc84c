import { TrunklineError } from "../errors.ts";
import {
  CancelFrame,
  EndFrame,
  ErrorFrame,
  type Frame,
  type FrameDirection,
  InterruptionFrame,
  StartFrame,
  StopFrame,
} from "../frames/index.ts";
import { type Deferred, Deque, done, Inbox, quiet, type Turn } from "../util/index.ts";
import type { ProcessorState } from "./processor-state.ts";

/** A frame at a processor. */
export interface Arrival {
  readonly frame: Frame;
  readonly direction: FrameDirection;
  /** Set where a frame from outside only waits for its turn to go on from here; resolves once it has, or was dropped. */
  readonly passing: Deferred<void> | undefined;
  /** True once an interruption has told the work on it to stop. */
  aborted: boolean;
}

export interface FrameQueueOptions {
  readonly turn: Turn;
  /** How many data and control frames may wait before downstream pushes wait too. */
  readonly maxQueuedFrames: number;
  handle(arrival: Arrival): void | Promise<void>;
  onError(error: unknown): void;
  /** Called with the first refusal of a lane, and again once that has been half empty in between. */
  onRefused(error: TrunklineError): void;
}

/** Says that a frame was refused. The queue that refused it has reported that already. */
export class FrameRefusedError extends TrunklineError {}

/**
 * What waits at one processor.
 *
 * 1. Before the start only `StartFrame` and `CancelFrame` are handed out; while paused, and while an interruption waits to
 *    be handled, only system frames: what comes after an interruption must not be taken for what came before it.
 * 2. Downstream frames make their sender wait when more than `maxQueuedFrames` are here, from the moment the start is
 *    here too: who has yet to bring it must not wait for it. System frames and upstream ones never wait.
 * 3. Whoever does not wait is refused at 65,536 frames, or twice `maxQueuedFrames` if that is more; apart from frames
 *    that begin, end or interrupt, and errors.
 */
export class FrameQueue {
  readonly #options: FrameQueueOptions;
  readonly #most: number;
  readonly #inbox: Inbox<Arrival>;
  readonly #early = new Deque<Arrival>();
  #start: "awaited" | "arrived" | "handled" = "awaited";
  #paused = false;
  #interruptions = 0;
  readonly #full = { data: false, system: false };
  #refused = 0;

  constructor(options: FrameQueueOptions) {
    this.#options = options;
    this.#most = Math.max(leastRefusedAt, 2 * options.maxQueuedFrames);
    this.#inbox = new Inbox(options);
    this.#inbox.pause();
  }

  get state(): Omit<ProcessorState, "name"> {
    return {
      started: this.#start === "handled",
      paused: this.#paused,
      system: this.#inbox.urgentSize + this.#early.size,
      queued: this.#inbox.size,
      refused: this.#refused,
    };
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** True while a data or control frame is being handled. */
  get busy(): boolean {
    return this.#inbox.busy;
  }

  /** Takes a data or control frame. */
  add(arrival: Arrival): Promise<void> {
    const { maxQueuedFrames } = this.#options;
    if (this.#inbox.size >= this.#most && !mustArrive(arrival.frame)) return this.#refuse(arrival, "data");
    if (this.#full.data && this.#inbox.size < this.#most >> 1) this.#full.data = false;
    this.#inbox.push(arrival, false);
    if (this.#inbox.size <= maxQueuedFrames) return done;
    if (arrival.passing !== undefined) return arrival.passing.promise;
    const waits = arrival.direction === "downstream" && this.#start !== "awaited";
    return waits ? this.#inbox.roomFor(maxQueuedFrames >> 1) : done;
  }

  addSystem(arrival: Arrival): Promise<void> {
    const { frame } = arrival;
    if (frame instanceof StartFrame) this.#start = "arrived";
    if (frame instanceof InterruptionFrame) {
      this.#interruptions += 1;
      this.#inbox.pause();
    }
    const waiting = this.#inbox.urgentSize + this.#early.size;
    if (waiting >= this.#most && !mustArrive(frame)) return this.#refuse(arrival, "system");
    if (this.#full.system && waiting < this.#most >> 1) this.#full.system = false;
    if (this.#start !== "handled" && !(frame instanceof StartFrame || frame instanceof CancelFrame)) {
      this.#early.push(arrival);
    } else {
      this.#inbox.push(arrival, true);
    }
    return done;
  }

  /** Hands out what waited for the start, and gives back the system frames among it. */
  begin(): readonly Arrival[] {
    const early = [...this.#early];
    this.#early.clear();
    this.#start = "handled";
    for (const arrival of early) this.#inbox.push(arrival, true);
    this.#goOn();
    return early;
  }

  /** An interruption has been handled. */
  interrupted(): void {
    this.#interruptions -= 1;
    this.#goOn();
  }

  pause(): void {
    this.#paused = true;
    this.#inbox.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#goOn();
  }

  /** True when a data or control frame waits for which `is` is true. */
  some(is: (arrival: Arrival) => boolean): boolean {
    return this.#inbox.size > 0 && this.#inbox.some(is);
  }

  /** Takes out the data and control frames for which `is` is true. */
  drop(is: (arrival: Arrival) => boolean): void {
    this.#inbox.retain((arrival) => {
      const dropped = is(arrival);
      if (dropped) arrival.passing?.resolve();
      return !dropped;
    });
  }

  /** Takes out all data and control frames, and gives back the system frames that waited for the start. */
  dropAll(): readonly Arrival[] {
    const early = [...this.#early];
    this.#early.clear();
    this.drop(() => true);
    return early;
  }

  flushed(): Promise<void> {
    return this.#inbox.flushed();
  }

  urgentFlushed(): Promise<void> {
    return this.#inbox.urgentFlushed();
  }

  /** Takes and hands out nothing more, and gives back the system frames that waited. */
  close(): readonly Arrival[] {
    const early = this.dropAll();
    return [...this.#inbox.close(), ...early];
  }

  #goOn(): void {
    if (this.#start === "handled" && !this.#paused && this.#interruptions === 0) this.#inbox.resume();
  }

  #refuse({ frame }: Arrival, lane: "data" | "system"): Promise<void> {
    const reason = `${frame.name} was refused: ${this.#most} frames wait there already. Await your pushes, or push less.`;
    const error = new FrameRefusedError("TL_QUEUE_FULL", reason);
    this.#refused += 1;
    if (!this.#full[lane]) {
      this.#full[lane] = true;
      this.#options.onRefused(error);
    }
    // It is reported; who does not wait for a push is not to bring the whole process down.
    return quiet(Promise.reject(error));
  }
}

const leastRefusedAt = 65_536;

function mustArrive(frame: Frame): boolean {
  return beyondLimit.some((kind) => frame instanceof kind);
}

const beyondLimit = [StartFrame, EndFrame, StopFrame, CancelFrame, InterruptionFrame, ErrorFrame];
