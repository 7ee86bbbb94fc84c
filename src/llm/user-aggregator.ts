import {
  EndFrame,
  type Frame,
  type FrameDirection,
  InterimTranscriptionFrame,
  type LLMContext,
  TranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "../frames/index.ts";
import { ContextAggregator } from "./context-aggregator.ts";

/**
 * Adds what the user says to the conversation and asks the model, downstream, for an answer.
 *
 * While the user speaks, transcriptions are gathered and added as one message when the turn ends. A transcription
 * outside a turn, typed text for one, or one that comes late, is added at once. Transcriptions go no further.
 */
export class LLMUserAggregator extends ContextAggregator {
  #speaking = false;
  #heard: string[] = [];

  constructor(context: LLMContext) {
    super(context, "downstream");
  }

  // Nothing here waits before it has done all it does: an end may be right behind, in the other lane.
  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    const obeyed = this.obey(frame);
    if (obeyed !== undefined) return obeyed;
    if (direction === "downstream") {
      if (frame instanceof InterimTranscriptionFrame) return;
      if (frame instanceof TranscriptionFrame) return this.#hear(frame);
      // Words of a turn that never ended stay in the conversation, though nobody will answer them.
      if (frame instanceof EndFrame) this.#remember();
    }
    // From above or from below: not only a transport's input knows that the user speaks.
    if (frame instanceof UserStartedSpeakingFrame) this.#speaking = true;
    const passed = this.push(frame, direction);
    return frame instanceof UserStoppedSpeakingFrame ? (this.#endTurn() ?? passed) : passed;
  }

  #hear(frame: TranscriptionFrame): Promise<void> | undefined {
    const text = frame.text.trim();
    if (text !== "") this.#heard.push(text);
    return this.#speaking ? undefined : this.#endTurn();
  }

  #endTurn(): Promise<void> | undefined {
    this.#speaking = false;
    return this.#remember() ? this.askModel() : undefined;
  }

  /** Adds what was heard as one message; false when nothing was. */
  #remember(): boolean {
    if (this.#heard.length === 0) return false;
    this.context.add({ role: "user", content: this.#heard.join(" ") });
    this.#heard = [];
    return true;
  }
}
