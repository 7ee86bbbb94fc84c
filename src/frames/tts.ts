import { type AudioFrameInit, OutputAudioRawFrame } from "./audio.ts";
import { ControlFrame, DataFrame, type FrameInit } from "./frame.ts";
import { AggregatedTextFrame } from "./text.ts";

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

export interface TTSStartedFrameInit extends FrameInit {
  /** Shared by all frames of one utterance. */
  readonly contextId?: string | undefined;
  /** False when the words of this utterance stay out of the conversation's context. Default true. */
  readonly appendToContext?: boolean | undefined;
}

/** Text to speech begins an utterance; its audio and its words follow. */
export class TTSStartedFrame extends ControlFrame {
  readonly contextId: string | undefined;
  readonly appendToContext: boolean;

  constructor(init: TTSStartedFrameInit = {}) {
    super(init);
    this.contextId = init.contextId;
    this.appendToContext = init.appendToContext ?? true;
  }
}

export interface TTSStoppedFrameInit extends FrameInit {
  /** Shared by all frames of one utterance. */
  readonly contextId?: string | undefined;
}

/** Text to speech has made all of an utterance. */
export class TTSStoppedFrame extends ControlFrame {
  readonly contextId: string | undefined;

  constructor(init: TTSStoppedFrameInit = {}) {
    super(init);
    this.contextId = init.contextId;
  }
}

export interface TTSAudioRawFrameInit extends AudioFrameInit {
  /** Shared by all frames of one utterance. */
  readonly contextId?: string | undefined;
}

/** Audio for the user that text to speech has made. */
export class TTSAudioRawFrame extends OutputAudioRawFrame {
  readonly contextId: string | undefined;

  constructor(init: TTSAudioRawFrameInit) {
    super(init);
    this.contextId = init.contextId;
  }
}

/** Words that text to speech has spoken, as it speaks them. */
export class TTSTextFrame extends AggregatedTextFrame {}
