import { TextFrame, type TextFrameInit } from "./text.ts";

export interface InterimTranscriptionFrameInit extends TextFrameInit {
  readonly userId: string;
  /** ISO 8601. */
  readonly timestamp: string;
  /** BCP 47 tag, where the recognizer knows it. */
  readonly language?: string | undefined;
}

/** What the user seems to be saying; a later one may say otherwise. */
export class InterimTranscriptionFrame extends TextFrame {
  readonly userId: string;
  readonly timestamp: string;
  readonly language: string | undefined;

  constructor(init: InterimTranscriptionFrameInit) {
    super(init);
    this.userId = init.userId;
    this.timestamp = init.timestamp;
    this.language = init.language;
  }
}

export interface TranscriptionFrameInit extends InterimTranscriptionFrameInit {
  /** True when the recognizer says that this is the end of the utterance. Default false. */
  readonly finalized?: boolean | undefined;
}

/** What the user said, or typed. */
export class TranscriptionFrame extends TextFrame {
  readonly userId: string;
  readonly timestamp: string;
  readonly language: string | undefined;
  readonly finalized: boolean;

  constructor(init: TranscriptionFrameInit) {
    super(init);
    this.userId = init.userId;
    this.timestamp = init.timestamp;
    this.language = init.language;
    this.finalized = init.finalized ?? false;
  }
}
