import { type Deferred, deferred, done } from "../util/index.ts";

/**
 * What the two aggregators of one conversation know together: whether the user speaks, and whether an answer is to be
 * asked for once that is over. Made by {@link createContextAggregators}.
 */
export class ConversationTurn {
  #userSpeaks = false;
  #waiting: Deferred<void> | undefined;
  #closed = false;

  get userSpeaks(): boolean {
    return this.#userSpeaks;
  }

  /** True while a question waits for the user's silence. */
  get questionWaits(): boolean {
    return this.#waiting !== undefined;
  }

  /** Resolves once no question waits. */
  get asked(): Promise<void> {
    return this.#waiting?.promise ?? done;
  }

  begin(): void {
    this.#userSpeaks = true;
  }

  end(): void {
    this.#userSpeaks = false;
  }

  /** True when the model may be asked now. While the user speaks it may not; the question is then kept. */
  mayAsk(): boolean {
    if (this.#closed) return false;
    if (!this.#userSpeaks) return true;
    this.#waiting ??= deferred();
    return false;
  }

  /** Takes the question that waits; false when there is none. */
  takeQuestion(): boolean {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve();
    return waiting !== undefined;
  }

  /** From now on nothing is asked, and what waits is forgotten; {@link open} ends that. */
  close(): void {
    this.#closed = true;
    this.takeQuestion();
  }

  open(): void {
    this.#closed = false;
  }
}
