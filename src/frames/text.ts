import { DataFrame, type FrameInit, SystemFrame } from "./frame.ts";

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

/** What a piece of text is: one of these, or a word of an application's own, such as `"code"`. */
export type TextType = "backchannel" | "sentence" | "token" | "word" | (string & {});

export interface AggregatedTextFrameInit extends TextFrameInit {
  readonly textType: TextType;
  /** The utterance of text to speech that this text belongs to. */
  readonly contextId?: string | undefined;
  /** The text with the marks that set it off, where it was found between marks. */
  readonly rawText?: string | undefined;
  /** True once text to speech has taken it. Default false. */
  readonly willBeSpoken?: boolean | undefined;
}

/** Several chunks put together to a sentence, a word or another whole. */
export class AggregatedTextFrame extends TextFrame {
  readonly textType: TextType;
  readonly contextId: string | undefined;
  readonly rawText: string | undefined;
  readonly willBeSpoken: boolean;

  constructor(init: AggregatedTextFrameInit) {
    super(init);
    this.textType = init.textType;
    this.contextId = init.contextId;
    this.rawText = init.rawText;
    this.willBeSpoken = init.willBeSpoken ?? false;
  }
}

/** What the user typed, as a transport received it. A system frame, so no {@link TextFrame}, though it has all of its fields. */
export class InputTextRawFrame extends SystemFrame {
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
