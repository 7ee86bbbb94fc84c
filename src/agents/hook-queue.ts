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
    const current = this.#last === undefined ? this.#call(hook) : this.#last.then(() => this.#call(hook));
    this.#last = current;
    void current.then(() => {
      if (this.#last === current) this.#last = undefined;
    });
    return current;
  }

  async #call(hook: () => void | Promise<void>): Promise<void> {
    try {
      await hook();
    } catch (error) {
      this.#onError(error);
    }
  }
}
