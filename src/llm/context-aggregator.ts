import {
  type Frame,
  type FrameDirection,
  type LLMContext,
  LLMContextFrame,
  LLMMessagesAppendFrame,
  LLMMessagesUpdateFrame,
  LLMRunFrame,
  LLMSetToolChoiceFrame,
  LLMSetToolsFrame,
} from "../frames/index.ts";
import { FrameProcessor } from "../pipeline/index.ts";
import { done } from "../util/index.ts";

/** What both aggregators of a conversation do: they own its context and obey the frames that change it. */
export abstract class ContextAggregator extends FrameProcessor {
  readonly context: LLMContext;
  readonly #modelDirection: FrameDirection;

  protected constructor(context: LLMContext, modelDirection: FrameDirection) {
    super();
    this.context = context;
    this.#modelDirection = modelDirection;
  }

  /** Asks the model for the next answer. */
  protected askModel(): Promise<void> {
    return this.push(new LLMContextFrame({ context: this.context }), this.#modelDirection);
  }

  /** Does what a frame asks of the owner of the context; undefined when the frame asks for nothing. */
  protected obey(frame: Frame): Promise<void> | undefined {
    if (frame instanceof LLMRunFrame) return this.askModel();
    if (frame instanceof LLMSetToolsFrame) {
      this.context.tools = frame.tools;
      this.context.customTools = frame.customTools;
      return done;
    }
    if (frame instanceof LLMSetToolChoiceFrame) {
      this.context.toolChoice = frame.toolChoice;
      return done;
    }
    if (frame instanceof LLMMessagesAppendFrame) this.context.add(...frame.messages);
    else if (frame instanceof LLMMessagesUpdateFrame) this.context.replace(frame.messages);
    else return undefined;
    return frame.runLlm === true ? this.askModel() : done;
  }
}
