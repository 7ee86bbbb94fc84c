/** Holds on to nothing, but knows how many of the objects it was shown are still there. */
export class Traces {
  readonly #counts: Record<string, number> = {};
  readonly #gone = new FinalizationRegistry<string>((kind) => this.#count(kind, -1));

  see(kind: string, ...objects: readonly object[]): void {
    for (const object of objects) {
      this.#count(kind, 1);
      this.#gone.register(object, kind);
    }
  }

  /** How many of each kind are still there, of those kinds of which there are more than `allowed`. */
  alive(allowed: number): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#counts).filter(([, count]) => count > allowed));
  }

  #count(kind: string, change: number): void {
    this.#counts[kind] = (this.#counts[kind] ?? 0) + change;
  }
}
