/** What a {@link BoundedLog} is told for tests. */
export interface BoundedLogInit {
  /** Default: `console.error`. */
  readonly write?: ((line: string) => void) | undefined;
  /** Milliseconds that never run backwards. */
  readonly now?: (() => number) | undefined;
}

interface Written {
  at: number;
  suppressed: number;
}

const leastBetweenMs = 1_000;
// Causes are few; this is for whoever uses something else as one.
const maxCauses = 256;

/**
 * A log that a peer cannot flood: at most one line a second for each cause, and the next line tells how many were left
 * out. A line is only made when it is written.
 */
export class BoundedLog {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  readonly #written = new Map<string, Written>();

  constructor({ write = (line) => console.error(line), now = () => performance.now() }: BoundedLogInit = {}) {
    this.#write = write;
    this.#now = now;
  }

  write(cause: string, line: () => string): void {
    const now = this.#now();
    const last = this.#written.get(cause);
    if (last !== undefined && now - last.at < leastBetweenMs) {
      last.suppressed += 1;
      return;
    }
    this.#remember(cause, now);
    const suppressed = last?.suppressed ?? 0;
    this.#write(suppressed === 0 ? line() : `${line()} (${suppressed} more of these were not written)`);
  }

  #remember(cause: string, now: number): void {
    // Last in the map is latest.
    this.#written.delete(cause);
    this.#written.set(cause, { at: now, suppressed: 0 });
    const [oldest] = this.#written.keys();
    if (this.#written.size > maxCauses && oldest !== undefined) this.#written.delete(oldest);
  }
}
