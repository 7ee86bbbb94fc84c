import { TrunklineError } from "../errors.ts";
import {
  BotSpeakingFrame,
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  type Frame,
  type FrameClass,
  InputTextRawFrame,
  TextFrame,
  UserSpeakingFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "../frames/index.ts";
import { longestTimeoutMs } from "../util/index.ts";

export interface IdleTimerOptions {
  readonly idleTimeoutMs: number;
  readonly idleFrames?: readonly FrameClass[] | undefined;
  onIdle(): void;
}

/** Tells when none of certain frames has been seen for a while, and again each time that while is over. */
export class IdleTimer {
  readonly #options: IdleTimerOptions;
  readonly #frames: readonly FrameClass[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #activeAt = 0;

  constructor(options: IdleTimerOptions) {
    if (!(options.idleTimeoutMs > 0)) {
      const message = `idleTimeoutMs is ${options.idleTimeoutMs}. Give it a time above 0, or leave it out for none.`;
      throw new TrunklineError("TL_INVALID_OPTION", message);
    }
    this.#options = options;
    this.#frames = options.idleFrames ?? signsOfLife;
  }

  start(): void {
    this.stop();
    this.#activeAt = performance.now();
    this.#arm(this.#options.idleTimeoutMs);
  }

  see(frame: Frame): void {
    // The timer looks at this when it is due: frames are many, and to move it for each would cost more.
    if (this.#frames.some((kind) => frame instanceof kind)) this.#activeAt = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(this.#due, Math.min(Math.ceil(delayMs), longestTimeoutMs));
  }

  readonly #due = (): void => {
    const { idleTimeoutMs, onIdle } = this.#options;
    const leftMs = this.#activeAt + idleTimeoutMs - performance.now();
    if (leftMs > 0) {
      this.#arm(leftMs);
      return;
    }
    this.start();
    onIdle();
  };
}

const signsOfLife: readonly FrameClass[] = [
  TextFrame,
  InputTextRawFrame,
  UserStartedSpeakingFrame,
  UserSpeakingFrame,
  UserStoppedSpeakingFrame,
  BotStartedSpeakingFrame,
  BotSpeakingFrame,
  BotStoppedSpeakingFrame,
];
