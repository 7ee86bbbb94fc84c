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
import { done, Emitter, type EventHandler } from "../util/index.ts";
import type { ContextSummarizer } from "./context-summarizer.ts";
import { ConversationTurn } from "./conversation-turn.ts";

/** What the aggregators of one conversation share. */
export interface SharedByAggregators {
  /** Default: one of its own. */
  readonly turn?: ConversationTurn | undefined;
  /** Keeps the conversation from growing. Default: nobody does. */
  readonly summarizer?: ContextSummarizer | undefined;
}

/** What both aggregators of a conversation do: they own its context and obey the frames that change it. */
export abstract class ContextAggregator<Events extends object> extends FrameProcessor {
  readonly context: LLMContext;
  protected readonly turn: ConversationTurn;
  readonly #modelDirection: FrameDirection;
  readonly #summarizer: ContextSummarizer | undefined;
  readonly #events = new Emitter<Events>((error) => void this.pushError(error));

  protected constructor(context: LLMContext, modelDirection: FrameDirection, shared: SharedByAggregators) {
    super();
    this.context = context;
    this.turn = shared.turn ?? new ConversationTurn();
    this.#summarizer = shared.summarizer;
    this.#modelDirection = modelDirection;
  }

  /** Adds a handler; the returned function takes it away again. The conversation does not wait for handlers. */
  on<E extends keyof Events>(event: E, handler: EventHandler<Events[E]>): () => void {
    return this.#events.on(event, handler);
  }

  /** As {@link on}, for the next event alone. */
  once<E extends keyof Events>(event: E, handler: EventHandler<Events[E]>): () => void {
    return this.#events.once(event, handler);
  }

  /** Takes a handler away. */
  off<E extends keyof Events>(event: E, handler: EventHandler<Events[E]>): void {
    this.#events.off(event, handler);
  }

  override cleanup(): void {
    this.#summarizer?.stop();
  }

  /** Tells the handlers of an event, without waiting for them. */
  protected tell<E extends keyof Events>(event: E, payload: Events[E]): void {
    if (this.#events.has(event)) void this.#events.emit(event, payload);
  }

  /** Asks the model for the next answer; while the user speaks, once that is over. */
  protected askModel(): Promise<void> {
    if (!this.turn.mayAsk()) return done;
    return this.push(new LLMContextFrame({ context: this.context }), this.#modelDirection);
  }

  /** The conversation has grown. */
  protected grown(): void {
    this.#summarizer?.look((error) => void this.pushError(error));
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
    this.grown();
    return frame.runLlm === true ? this.askModel() : done;
  }
}
