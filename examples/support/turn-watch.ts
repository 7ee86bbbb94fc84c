import {
  ErrorFrame,
  type Frame,
  FunctionCallResultFrame,
  FunctionCallsStartedFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
} from "trunkline";

/**
 * Tells whose turn it is, from the frames that reach the user: the bot has finished once its answer has ended and no
 * tool still runs or waits to be answered.
 */
export class TurnWatch {
  #calls = 0;
  #speaking = false;
  #owed: boolean;
  #waiting: (() => void)[] = [];

  /** Default: the bot speaks first. */
  constructor({ userBegins = false }: { readonly userBegins?: boolean | undefined } = {}) {
    this.#owed = !userBegins;
  }

  /** The user has spoken; the bot owes an answer. */
  userSpoke(): void {
    this.#owed = true;
  }

  /** Resolves once the bot has said all it has to say. */
  botFinished(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#check();
    });
  }

  see(frame: Frame): void {
    if (frame instanceof LLMFullResponseStartFrame) {
      this.#speaking = true;
      this.#owed = false;
    } else if (frame instanceof LLMFullResponseEndFrame) this.#speaking = false;
    else if (frame instanceof FunctionCallsStartedFrame) this.#calls += frame.functionCalls.length;
    else if (frame instanceof FunctionCallResultFrame) {
      this.#calls -= 1;
      // Also after a result that is not answered: the next agent, the next step or the end of the conversation follows.
      if (this.#calls === 0) this.#owed = true;
    } else if (frame instanceof ErrorFrame) this.giveUp();
    else return;
    this.#check();
  }

  /** No answer will come. */
  giveUp(): void {
    this.#owed = false;
    this.#speaking = false;
    this.#calls = 0;
    this.#check();
  }

  #check(): void {
    if (this.#owed || this.#speaking || this.#calls > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
