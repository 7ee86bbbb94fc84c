// A timer sleeps when the machine does and knows nothing of a clock that is set: look at the time of day in between.
const longestSleepMs = 60_000;

/** Calls back once at a time of day, however far away that is; whoever builds it cancels it. */
export class Expiry {
  readonly #expiresAt: number;
  readonly #onExpired: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(expiresAt: number, onExpired: () => void) {
    this.#expiresAt = expiresAt;
    this.#onExpired = onExpired;
    this.#sleep();
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  #sleep(): void {
    const leftMs = Math.max(0, this.#expiresAt - Date.now());
    this.#timer = setTimeout(() => this.#wake(), Math.min(leftMs, longestSleepMs));
  }

  #wake(): void {
    if (Date.now() < this.#expiresAt) this.#sleep();
    else this.#onExpired();
  }
}
