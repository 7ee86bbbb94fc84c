import { DataFrame, type FrameInit } from "./frame.ts";

export interface TextFrameInit extends FrameInit {
  readonly text: string;
  /** True keeps text to speech from saying it. */
  readonly skipTts?: boolean | undefined;
  /** True when `text` brings its own spaces, as a model's chunks do. Default: what the class says. */
  readonly includesInterFrameSpaces?: boolean | undefined;
  /** False keeps the text out of the conversation's context. Default true. */
  readonly appendToContext?: boolean | undefined;
}

/** A piece of text. */
export class TextFrame extends DataFrame {
  readonly text: string;
  readonly skipTts: boolean | undefined;
  readonly includesInterFrameSpaces: boolean;
  readonly appendToContext: boolean;

  constructor(init: TextFrameInit) {
    super(init);
    this.text = init.text;
    this.skipTts = init.skipTts;
    this.includesInterFrameSpaces = init.includesInterFrameSpaces ?? false;
    this.appendToContext = init.appendToContext ?? true;
  }
}

/** A chunk of a language model's answer, spaces included. */
export class LLMTextFrame extends TextFrame {
  constructor(init: TextFrameInit) {
    super({ includesInterFrameSpaces: true, ...init });
  }
}

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

export interface TTSSpeakFrameInit extends FrameInit {
  readonly text: string;
  /** False keeps the words out of the conversation's context. Default true. */
  readonly appendToContext?: boolean | undefined;
}

/** Words to be spoken as they are, with no model in between. */
export class TTSSpeakFrame extends DataFrame {
  readonly text: string;
  readonly appendToContext: boolean;

  constructor(init: TTSSpeakFrameInit) {
    super(init);
    this.text = init.text;
    this.appendToContext = init.appendToContext ?? true;
  }
}
