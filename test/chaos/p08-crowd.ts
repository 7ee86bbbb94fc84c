/** Bounds of issue 5: the largest part of all clients that may come in any 100 ms, by the number of the attempt. */
export const bounds: Readonly<Record<number, number>> = { 1: 0.13, 3: 0.04, 6: 0.015 };

const windowMs = 100;

/** The largest part of these moments that lies in one window of 100 ms, wherever it begins. */
export function densest(moments: Iterable<number>): number {
  const sorted = Float64Array.from(moments).sort();
  let most = 0;
  let first = 0;
  for (const [index, moment] of sorted.entries()) {
    while (moment - (sorted[first] as number) >= windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most / sorted.length;
}

/** The densest windows of many crowds, for one number of attempts. */
export class Crowds {
  readonly #attempt: number;
  readonly #seen: number[] = [];

  constructor(attempt: number) {
    this.#attempt = attempt;
  }

  add(part: number): void {
    this.#seen.push(part);
  }

  get mean(): number {
    return this.#seen.reduce((sum, part) => sum + part, 0) / this.#seen.length;
  }

  get worst(): number {
    return Math.max(...this.#seen);
  }

  get bound(): number {
    return bounds[this.#attempt] ?? 1;
  }

  /** How many of the crowds were above the bound, as a part of them. */
  get above(): number {
    return this.#seen.filter((part) => part > this.bound).length / this.#seen.length;
  }

  get figure(): string {
    const name = `attempt ${this.#attempt}: ${percent(this.mean)} on average`;
    return `${name}, ${percent(this.worst)} at worst, above ${percent(this.bound)} in ${percent(this.above)} of the cuts`;
  }
}

export function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}
