import {
  EndFrame,
  type Frame,
  type FrameDirection,
  InterimTranscriptionFrame,
  type LLMContext,
  StopFrame,
  TranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "../frames/index.ts";
import { ContextAggregator, type SharedByAggregators } from "./context-aggregator.ts";

/** What the user said in one turn. */
export interface UserTurnData {
  /** What the user said, as it stands in the conversation. */
  readonly content: string;
  /** Who the last of the words came from, where the transcription says so. */
  readonly userId: string | undefined;
}

/** What the user aggregator tells those that listen with `on`. */
export interface LLMUserAggregatorEvents {
  /** The words of a turn have been added to the conversation. */
  turnStopped: UserTurnData;
}

/** How the user's words are gathered. */
export interface LLMUserAggregatorOptions {
  /**
   * How long to wait for more after words that come when their turn is over, in milliseconds. Default 300. One that
   * is marked `finalized` ends the wait.
   */
  readonly lateWordsMs?: number | undefined;
}

/**
 * Adds what the user says to the conversation and asks the model, downstream, for an answer.
 *
 * 1. While the user speaks, transcriptions are gathered and added as one message when the turn ends. Nothing is
 *    answered meanwhile; what was to be is answered then, also when no word came.
 * 2. A transcription outside a turn is added at once, and once somebody has spoken, together with those that follow
 *    it closely: they are the late words of a turn.
 * 3. Transcriptions go no further.
 */
export class LLMUserAggregator extends ContextAggregator<LLMUserAggregatorEvents> {
  readonly #lateWordsMs: number;
  #spoken = false;
  #heard: TranscriptionFrame[] = [];
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(context: LLMContext, options: LLMUserAggregatorOptions & SharedByAggregators = {}) {
    super(context, "downstream", options);
    this.#lateWordsMs = options.lateWordsMs ?? 300;
  }

  // Nothing here waits before it has done all it does: an end may be right behind, in the other lane.
  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    const obeyed = this.obey(frame);
    if (obeyed !== undefined) return obeyed;
    if (direction === "downstream") {
      if (frame instanceof InterimTranscriptionFrame) return;
      if (frame instanceof TranscriptionFrame) return this.#hear(frame);
      if (frame instanceof EndFrame || frame instanceof StopFrame) this.#finish();
    }
    // From above or from below: not only a transport's input knows that the user speaks.
    if (frame instanceof UserStartedSpeakingFrame) this.#startTurn();
    const passed = this.push(frame, direction);
    return frame instanceof UserStoppedSpeakingFrame ? (this.#stopTurn() ?? passed) : passed;
  }

  /** Waits for no late words any more. */
  override cleanup(): void {
    clearTimeout(this.#late);
    super.cleanup();
  }

  #hear(frame: TranscriptionFrame): Promise<void> | undefined {
    if (frame.text.trim() !== "") this.#heard.push(frame);
    if (this.turn.userSpeaks || this.#heard.length === 0) return undefined;
    if (!this.#spoken || frame.finalized) return this.#ask();
    this.#waitForMore();
    return undefined;
  }

  #startTurn(): void {
    clearTimeout(this.#late);
    this.#late = undefined;
    this.turn.begin();
  }

  #stopTurn(): Promise<void> | undefined {
    this.turn.end();
    this.#spoken = true;
    if (this.#heard.length > 0) return this.#ask();
    // Words that are still to be recognized are answered together with what waits.
    if (this.turn.questionWaits) this.#waitForMore();
    return undefined;
  }

  #waitForMore(): void {
    clearTimeout(this.#late);
    this.#late = setTimeout(() => void this.#ask(), this.#lateWordsMs);
  }

  #ask(): Promise<void> | undefined {
    clearTimeout(this.#late);
    this.#late = undefined;
    const waited = this.turn.takeQuestion();
    return this.#remember() || waited ? this.askModel() : undefined;
  }

  #finish(): void {
    if (this.#late !== undefined) void this.#ask();
    // Words of a turn that never ended stay in the conversation, though nobody will answer them.
    else this.#remember();
  }

  /** Adds what was heard as one message; false when nothing was. */
  #remember(): boolean {
    const heard = this.#heard;
    if (heard.length === 0) return false;
    this.#heard = [];
    const content = heard.map(({ text }) => text.trim()).join(" ");
    this.context.add({ role: "user", content });
    this.grown();
    this.tell("turnStopped", { content, userId: heard.at(-1)?.userId || undefined });
    return true;
  }
}
