import { ControlFrame, DataFrame, type FrameInit } from "./frame.ts";
import type { LLMContext, LLMContextMessage, ToolChoice, ToolSchema } from "./llm-context.ts";

export interface LLMContextFrameInit extends FrameInit {
  readonly context: LLMContext;
}

/** Asks a language model for the next answer to a conversation. */
export class LLMContextFrame extends DataFrame {
  readonly context: LLMContext;

  constructor(init: LLMContextFrameInit) {
    super(init);
    this.context = init.context;
  }
}

/** Asks the aggregator that owns the conversation to have it answered as it stands. */
export class LLMRunFrame extends DataFrame {}

export interface LLMMessagesFrameInit extends FrameInit {
  readonly messages: readonly LLMContextMessage[];
  /** Whether the model answers afterwards. Default: it does not. */
  readonly runLlm?: boolean | undefined;
}

/** Adds messages to the conversation. An interruption does not drop it. */
export class LLMMessagesAppendFrame extends DataFrame {
  static override readonly interruptible = false;
  readonly messages: readonly LLMContextMessage[];
  readonly runLlm: boolean | undefined;

  constructor(init: LLMMessagesFrameInit) {
    super(init);
    this.messages = init.messages;
    this.runLlm = init.runLlm;
  }
}

/** Replaces the messages of the conversation. An interruption does not drop it. */
export class LLMMessagesUpdateFrame extends DataFrame {
  static override readonly interruptible = false;
  readonly messages: readonly LLMContextMessage[];
  readonly runLlm: boolean | undefined;

  constructor(init: LLMMessagesFrameInit) {
    super(init);
    this.messages = init.messages;
    this.runLlm = init.runLlm;
  }
}

export interface LLMSetToolsFrameInit extends FrameInit {
  readonly tools: readonly ToolSchema[];
  /** Tools in a provider's own form, by provider. */
  readonly customTools?: Readonly<Record<string, readonly unknown[]>> | undefined;
}

/** Replaces the tools of the conversation. An interruption does not drop it. */
export class LLMSetToolsFrame extends DataFrame {
  static override readonly interruptible = false;
  readonly tools: readonly ToolSchema[];
  readonly customTools: Readonly<Record<string, readonly unknown[]>> | undefined;

  constructor(init: LLMSetToolsFrameInit) {
    super(init);
    this.tools = init.tools;
    this.customTools = init.customTools;
  }
}

export interface LLMSetToolChoiceFrameInit extends FrameInit {
  readonly toolChoice: ToolChoice;
}

/** Says whether the model may, must or must not use the conversation's tools. An interruption does not drop it. */
export class LLMSetToolChoiceFrame extends DataFrame {
  static override readonly interruptible = false;
  readonly toolChoice: ToolChoice;

  constructor(init: LLMSetToolChoiceFrameInit) {
    super(init);
    this.toolChoice = init.toolChoice;
  }
}

export interface LLMConfigureOutputFrameInit extends FrameInit {
  /** True keeps text to speech from saying the model's answers, false lets it. */
  readonly skipTts: boolean;
}

/** Tells the model's service how to mark the answers that follow. */
export class LLMConfigureOutputFrame extends DataFrame {
  readonly skipTts: boolean;

  constructor(init: LLMConfigureOutputFrameInit) {
    super(init);
    this.skipTts = init.skipTts;
  }
}

export interface LLMFullResponseFrameInit extends FrameInit {
  /** True when text to speech does not say this answer. */
  readonly skipTts?: boolean | undefined;
}

/** A model's answer begins. */
export class LLMFullResponseStartFrame extends ControlFrame {
  readonly skipTts: boolean | undefined;

  constructor(init: LLMFullResponseFrameInit = {}) {
    super(init);
    this.skipTts = init.skipTts;
  }
}

/** A model's answer has ended, or was broken off. An interruption does not drop it. */
export class LLMFullResponseEndFrame extends ControlFrame {
  static override readonly interruptible = false;
  readonly skipTts: boolean | undefined;

  constructor(init: LLMFullResponseFrameInit = {}) {
    super(init);
    this.skipTts = init.skipTts;
  }
}
