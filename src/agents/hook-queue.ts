import { deferred } from "../util/index.ts";

/**
 * Runs an agent's hooks one after another, beside the lanes of its messages: a hook that waits for an answer from the
 * bus does not keep that answer from coming in.
 */
export class HookQueue {
  readonly #onError: (error: unknown) => void;
  #last: Promise<void> | undefined;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Starts the hook at once if none is running. Resolves when it has ended; never rejects. */
  run(hook: () => void | Promise<void>): Promise<void> {
    const before = this.#last;
    const ended = deferred();
    // Set first: what the hook itself asks for before it first waits is to follow it, not to overtake it.
    this.#last = ended.promise;
    const call = before === undefined ? this.#call(hook) : before.then(() => this.#call(hook));
    void call.then(() => {
      if (this.#last === ended.promise) this.#last = undefined;
      ended.resolve();
    });
    return ended.promise;
  }

  async #call(hook: () => void | Promise<void>): Promise<void> {
    try {
      await hook();
    } catch (error) {
      this.#onError(error);
    }
  }
}
