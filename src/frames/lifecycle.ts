import { ControlFrame, type FrameInit, SystemFrame } from "./frame.ts";

export interface StartFrameInit extends FrameInit {
  /** Sample rate of incoming audio in Hz. Default 16,000. */
  readonly audioInSampleRate?: number | undefined;
  /** Sample rate of outgoing audio in Hz. Default 24,000. */
  readonly audioOutSampleRate?: number | undefined;
  /** Whether processors report how long they took, as `MetricsFrame`s. Default false. */
  readonly enableMetrics?: boolean | undefined;
  /** Whether they report what they used: tokens, audio, characters. Default false. */
  readonly enableUsageMetrics?: boolean | undefined;
  /** Whether each processor reports only its first time to first byte. Default false. */
  readonly reportOnlyInitialTTFB?: boolean | undefined;
}

/** The first frame through a pipeline. A processor gets no other frame before it has handled this one. */
export class StartFrame extends SystemFrame {
  readonly audioInSampleRate: number;
  readonly audioOutSampleRate: number;
  readonly enableMetrics: boolean;
  readonly enableUsageMetrics: boolean;
  readonly reportOnlyInitialTTFB: boolean;

  constructor(init: StartFrameInit = {}) {
    super(init);
    this.audioInSampleRate = init.audioInSampleRate ?? 16_000;
    this.audioOutSampleRate = init.audioOutSampleRate ?? 24_000;
    this.enableMetrics = init.enableMetrics ?? false;
    this.enableUsageMetrics = init.enableUsageMetrics ?? false;
    this.reportOnlyInitialTTFB = init.reportOnlyInitialTTFB ?? false;
  }
}

export interface ReasonInit extends FrameInit {
  readonly reason?: string | undefined;
}

/** Ends the pipeline once everything queued before it has been handled. */
export class EndFrame extends ControlFrame {
  static override readonly interruptible = false;
  readonly reason: string | undefined;

  constructor(init: ReasonInit = {}) {
    super(init);
    this.reason = init.reason;
  }
}

/** Ends the pipeline like {@link EndFrame}, for processors that live on and may be started again. */
export class StopFrame extends ControlFrame {
  static override readonly interruptible = false;
}

/** Ends the pipeline now; what is queued is dropped. */
export class CancelFrame extends SystemFrame {
  readonly reason: string | undefined;

  constructor(init: ReasonInit = {}) {
    super(init);
    this.reason = init.reason;
  }
}

/** The user has begun to speak over the bot: interruptible frames that wait are dropped. */
export class InterruptionFrame extends SystemFrame {}

export interface HeartbeatFrameInit extends FrameInit {
  /** When it was sent, in nanoseconds of the sender's own clock. */
  readonly timestamp: number;
}

/** Goes through a pipeline to show that it still moves. */
export class HeartbeatFrame extends ControlFrame {
  /** When it was sent, in nanoseconds of the sender's own clock. */
  readonly timestamp: number;

  constructor(init: HeartbeatFrameInit) {
    super(init);
    this.timestamp = init.timestamp;
  }
}

export interface ErrorFrameInit extends FrameInit {
  /** One sentence for people. */
  readonly error: string;
  /** True ends the pipeline. Default false. */
  readonly fatal?: boolean | undefined;
  /** What was thrown. Stays in this process. */
  readonly cause?: unknown;
  /** Name of the processor that failed. */
  readonly processor?: string | undefined;
}

/** Something failed; travels upstream to whoever runs the pipeline. */
export class ErrorFrame extends SystemFrame {
  readonly error: string;
  readonly fatal: boolean;
  readonly cause: unknown;
  readonly processor: string | undefined;

  constructor(init: ErrorFrameInit) {
    super(init);
    this.error = init.error;
    this.fatal = init.fatal ?? false;
    this.cause = init.cause;
    this.processor = init.processor;
  }
}
