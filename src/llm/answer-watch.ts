import { TrunklineError } from "../errors.ts";
import {
  ErrorFrame,
  type Frame,
  FunctionCallsStartedFrame,
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
} from "../frames/index.ts";
import { FlushFrame, type FrameProcessor, type PipelineObserver, type PushedFrame } from "../pipeline/index.ts";

// More than any pipeline has processors between the model and what asks it.
const maxFlushes = 100;

/** Listens to what a model answers, from beside its pipeline. */
export class AnswerWatch implements PipelineObserver {
  /** The model's service. */
  service: FrameProcessor | undefined;
  /** How often tools have been called. */
  calls = 0;
  /** Questions on their way to the service. A processor in between may keep one for good. */
  readonly #coming = new Set<Frame>();
  #patience = 0;
  readonly #over = new AbortController();
  #onText: (text: string) => void = () => {};
  #askedSinceFlush = false;
  #text: string | undefined;
  #error: TrunklineError | undefined;
  #interrupted = false;

  /** Aborts once the pipeline has ended. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** True when a question came, or comes, to the service behind the last flush, and may still be answered. */
  get askedSinceFlush(): boolean {
    return this.#askedSinceFlush || this.#isComing();
  }

  /** From here on an answer is listened to; `onText` is given its text as it comes. */
  begin(onText: (text: string) => void): void {
    this.#onText = onText;
    this.#text = undefined;
    this.#error = undefined;
    this.#interrupted = false;
  }

  /**
   * The text of the last answer that has begun; nothing is listened to any more.
   * @throws what kept it from being one
   */
  finish(): string {
    this.stop();
    if (this.#error !== undefined) throw this.#error;
    if (this.#interrupted) throw new DOMException("The answer was interrupted.", "AbortError");
    if (this.#text !== undefined) return this.#text.trim();
    throw new TrunklineError("TL_PIPELINE_ENDED", "The model was not asked: the agent is ending, or handing over.");
  }

  stop(): void {
    this.#onText = () => {};
  }

  onFrame({ frame, source, destination }: PushedFrame): void {
    if (destination === this.service) this.#enters(frame);
    else if (source === this.service) this.#leaves(frame);
    else if (frame instanceof LLMContextFrame) this.#comes(frame);
  }

  onFinished(): void {
    this.#over.abort();
  }

  #enters(frame: Frame): void {
    if (frame instanceof LLMContextFrame) {
      this.#coming.delete(frame);
      this.#askedSinceFlush = true;
    } else if (frame instanceof FlushFrame) this.#askedSinceFlush = false;
    else if (frame instanceof InterruptionFrame) {
      this.#interrupted = true;
      this.#coming.clear();
    }
  }

  #comes(frame: LLMContextFrame): void {
    this.#coming.add(frame);
    this.#patience = maxFlushes;
  }

  /** Asked after each flush; with each the question comes one processor nearer. */
  #isComing(): boolean {
    if (this.#coming.size === 0) return false;
    this.#patience -= 1;
    if (this.#patience <= 0) this.#coming.clear();
    return this.#coming.size > 0;
  }

  #leaves(frame: Frame): void {
    if (frame instanceof LLMFullResponseStartFrame) {
      this.#text = "";
      this.#error = undefined;
      this.#interrupted = false;
    } else if (frame instanceof LLMTextFrame) {
      this.#text = (this.#text ?? "") + frame.text;
      this.#onText(frame.text);
    } else if (frame instanceof FunctionCallsStartedFrame) this.calls += 1;
    else if (frame instanceof ErrorFrame) this.#error = modelError(frame) ?? this.#error;
  }
}

function modelError({ cause }: ErrorFrame): TrunklineError | undefined {
  return cause instanceof TrunklineError && cause.code === "TL_MODEL_FAILED" ? cause : undefined;
}
