/** Counts what happened, by name. */
export class Tally {
  readonly #counts = new Map<string, number>();

  count(what: string): void {
    this.#counts.set(what, this.of(what) + 1);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  get text(): string {
    const counts = [...this.#counts].sort(([one], [other]) => one.localeCompare(other));
    return counts.map(([what, count]) => `${what} ${count}`).join(", ");
  }
}
