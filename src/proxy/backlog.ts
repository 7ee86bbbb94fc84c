/** How much has come and is not settled yet. What is there when `settled` is asked is settled when that resolves. */
export class Backlog {
  readonly #settled: () => Promise<unknown>;
  readonly #onLess: () => void;
  #bytes = 0;
  #messages = 0;
  #counting = false;

  constructor(settled: () => Promise<unknown>, onLess: () => void = () => {}) {
    this.#settled = settled;
    this.#onLess = onLess;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get messages(): number {
    return this.#messages;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#messages += 1;
    if (!this.#counting) void this.#discount();
  }

  async #discount(): Promise<void> {
    this.#counting = true;
    while (this.#messages > 0) {
      const bytes = this.#bytes;
      const messages = this.#messages;
      await this.#settled();
      this.#bytes -= bytes;
      this.#messages -= messages;
      this.#onLess();
    }
    this.#counting = false;
  }
}
