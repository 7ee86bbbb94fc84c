import { type FrameInit, SystemFrame } from "./frame.ts";

/** The user has begun a turn. */
export class UserStartedSpeakingFrame extends SystemFrame {}

/** The user has ended a turn. */
export class UserStoppedSpeakingFrame extends SystemFrame {}

/** The user speaks; comes again and again while it lasts. */
export class UserSpeakingFrame extends SystemFrame {}

export interface VADUserStartedSpeakingFrameInit extends FrameInit {
  /** How much speech it took to be sure, in milliseconds. Default 0. */
  readonly startMs?: number | undefined;
  /** When it was sure, in milliseconds since 1970. Default: now. */
  readonly timestamp?: number | undefined;
}

/** Voice activity detection is sure that the user speaks. Whether that is a turn is for others to say. */
export class VADUserStartedSpeakingFrame extends SystemFrame {
  readonly startMs: number;
  readonly timestamp: number;

  constructor(init: VADUserStartedSpeakingFrameInit = {}) {
    super(init);
    this.startMs = init.startMs ?? 0;
    this.timestamp = init.timestamp ?? Date.now();
  }
}

export interface VADUserStoppedSpeakingFrameInit extends FrameInit {
  /** How much silence it took to be sure, in milliseconds. Default 0. */
  readonly stopMs?: number | undefined;
  /** When it was sure, in milliseconds since 1970. Default: now. */
  readonly timestamp?: number | undefined;
}

/** Voice activity detection is sure that the user is silent. Whether the turn is over is for others to say. */
export class VADUserStoppedSpeakingFrame extends SystemFrame {
  readonly stopMs: number;
  readonly timestamp: number;

  constructor(init: VADUserStoppedSpeakingFrameInit = {}) {
    super(init);
    this.stopMs = init.stopMs ?? 0;
    this.timestamp = init.timestamp ?? Date.now();
  }
}

/** The bot's words have begun to reach the user. */
export class BotStartedSpeakingFrame extends SystemFrame {}

/** The bot's words have all reached the user. */
export class BotStoppedSpeakingFrame extends SystemFrame {}

/** The bot's words reach the user; comes again and again while it lasts. */
export class BotSpeakingFrame extends SystemFrame {}

/** What the user says is ignored from here on. */
export class UserMuteStartedFrame extends SystemFrame {}

/** What the user says counts again. */
export class UserMuteStoppedFrame extends SystemFrame {}

export interface STTMuteFrameInit extends FrameInit {
  /** True mutes, false listens again. */
  readonly mute: boolean;
}

/** Tells speech to text to stop listening, or to listen again. */
export class STTMuteFrame extends SystemFrame {
  readonly mute: boolean;

  constructor(init: STTMuteFrameInit) {
    super(init);
    this.mute = init.mute;
  }
}
