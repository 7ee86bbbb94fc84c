import { TrunklineError } from "../errors.ts";
import { ControlFrame, DataFrame, type FrameInit } from "./frame.ts";

export interface LLMThoughtStartFrameInit extends FrameInit {
  /** True keeps the thought in the conversation's context, as a message of the provider `llm`. Default false. */
  readonly appendToContext?: boolean | undefined;
  /** The provider that will be shown the thought again. Required where it is kept. */
  readonly llm?: string | undefined;
}

/** A model begins to think aloud. */
export class LLMThoughtStartFrame extends ControlFrame {
  readonly appendToContext: boolean;
  readonly llm: string | undefined;

  /** @throws TrunklineError `TL_INVALID_OPTION` where a thought is kept and nobody says for which provider */
  constructor(init: LLMThoughtStartFrameInit = {}) {
    super(init);
    this.appendToContext = init.appendToContext ?? false;
    this.llm = init.llm;
    if (this.appendToContext && this.llm === undefined) {
      throw new TrunklineError(
        "TL_INVALID_OPTION",
        "Set llm where appendToContext is true: a thought is a provider's.",
      );
    }
  }
}

export interface LLMThoughtTextFrameInit extends FrameInit {
  readonly text: string;
  /** True when `text` brings its own spaces. Default true. */
  readonly includesInterFrameSpaces?: boolean | undefined;
}

/** A chunk of a model's thought. Not a text frame, so that nothing speaks it or takes it for the answer. */
export class LLMThoughtTextFrame extends DataFrame {
  readonly text: string;
  readonly includesInterFrameSpaces: boolean;

  constructor(init: LLMThoughtTextFrameInit) {
    super(init);
    this.text = init.text;
    this.includesInterFrameSpaces = init.includesInterFrameSpaces ?? true;
  }
}

export interface LLMThoughtEndFrameInit extends FrameInit {
  /** The provider's seal on the thought, to be given back unchanged: plain JSON or bytes. */
  readonly signature?: unknown;
}

/** A model's thought has ended. */
export class LLMThoughtEndFrame extends ControlFrame {
  readonly signature: unknown;

  constructor(init: LLMThoughtEndFrameInit = {}) {
    super(init);
    this.signature = init.signature;
  }
}
