/** Which way a frame travels: from input to output, or back. */
export type FrameDirection = "downstream" | "upstream";

/** What every frame can be given when it is made. */
export interface FrameInit {
  /** Presentation time in nanoseconds since the pipeline started. */
  readonly pts?: number | undefined;
  /** Free notes for the processors of one application. Default: an empty object. */
  readonly metadata?: Record<string, unknown> | undefined;
  /** Name of the input a transport received this on. */
  readonly transportSource?: string | undefined;
  /** Name of the output a transport should send this to. */
  readonly transportDestination?: string | undefined;
  /** False keeps an interruption from dropping this one frame. Default: what its class says. */
  readonly interruptible?: boolean | undefined;
}

/** A frame class, for filters and `instanceof`. */
export type FrameClass<F extends Frame = Frame> = abstract new (...init: never[]) => F;

/** What flows through a pipeline. Extend {@link SystemFrame}, {@link DataFrame} or {@link ControlFrame}, not this. */
export abstract class Frame {
  /** False for frames that an interruption must not drop, unless one says otherwise itself. Default: true. */
  static readonly interruptible: boolean = true;
  // A number only has to be unique in this process; nobody reads the count itself.
  static #count = 0;

  /** Unique in this process. */
  readonly id: number;
  /** Presentation time in nanoseconds since the pipeline started. */
  pts: number | undefined;
  /** Free notes for the processors of one application. */
  metadata: Record<string, unknown>;
  transportSource: string | undefined;
  transportDestination: string | undefined;
  /** The id of the frame's twin where one was sent in each direction. */
  broadcastSiblingId: number | undefined;
  /** Whether an interruption drops this frame while it is queued. */
  interruptible: boolean;
  /** The id this frame had in the process it came from; undefined for frames made here. */
  remoteId: number | undefined;

  constructor(init: FrameInit = {}) {
    this.id = Frame.#count++;
    this.pts = init.pts;
    this.metadata = init.metadata ?? {};
    this.transportSource = init.transportSource;
    this.transportDestination = init.transportDestination;
    this.broadcastSiblingId = undefined;
    this.interruptible = init.interruptible ?? (this.constructor as typeof Frame).interruptible;
    this.remoteId = undefined;
  }

  /** Class and id, for logs: `TextFrame#42`. */
  get name(): string {
    return `${this.constructor.name}#${this.id}`;
  }

  /** Its {@link name}, for logs. */
  toString(): string {
    return this.name;
  }
}

/** Handled at once, ahead of every queued frame, and never dropped by an interruption. */
export abstract class SystemFrame extends Frame {
  static override readonly interruptible: boolean = false;
}

/** Content: handled in order, dropped by an interruption. */
export abstract class DataFrame extends Frame {}

/** Control: handled in order with the data, dropped by an interruption unless its class says `interruptible = false`. */
export abstract class ControlFrame extends Frame {}

/** True when an interruption drops this frame while it is queued. */
export function isInterruptible(frame: Frame): boolean {
  return frame.interruptible;
}
