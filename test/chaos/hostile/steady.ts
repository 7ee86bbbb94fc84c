const sliceMs = 2;

/**
 * Lets the event loop turn in between, at least every few milliseconds: what is then measured as a stall is the work of
 * one input, not that of the attacker's own loop.
 */
export class Steady {
  #since = performance.now();

  async breathe(): Promise<void> {
    if (performance.now() - this.#since < sliceMs) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
