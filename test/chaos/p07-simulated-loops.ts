import type { Clock } from "../../src/proxy/link/index.ts";

interface Happening {
  readonly at: number;
  readonly happen: () => void;
}

/** The time that several event loops share. It moves from one happening to the next and takes none itself. */
export class SimulatedTime {
  #now = 0;
  /** In the order in which they happen, the next one last. */
  readonly #ahead: Happening[] = [];

  get now(): number {
    return this.#now;
  }

  /** Happenings of the same moment happen in the order in which they were asked for. */
  at(moment: number, happen: () => void): () => void {
    const happening = { at: Math.max(moment, this.#now), happen };
    let low = 0;
    let high = this.#ahead.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ahead[middle] as Happening).at > happening.at) low = middle + 1;
      else high = middle;
    }
    this.#ahead.splice(low, 0, happening);
    return () => {
      const index = this.#ahead.indexOf(happening);
      if (index !== -1) this.#ahead.splice(index, 1);
    };
  }

  runUntil(moment: number): void {
    for (let next = this.#ahead.at(-1); next !== undefined && next.at <= moment; next = this.#ahead.at(-1)) {
      this.#ahead.pop();
      this.#now = next.at;
      next.happen();
    }
    this.#now = moment;
  }
}

interface Late {
  readonly dueAt: number;
  readonly run: () => void;
}

/**
 * An event loop that can be stalled: its timers and what arrives wait meanwhile. Afterwards the timers come first, as
 * in Node: nothing that arrived has been read when they run.
 */
export class SimulatedLoop implements Clock {
  readonly #time: SimulatedTime;
  #lateTimers: Late[] = [];
  #unread: (() => void)[] = [];
  #stalledUntil = 0;
  #asleepMs = 0;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  now(): number {
    return this.#time.now - this.#asleepMs;
  }

  wall(): number {
    return 1_750_000_000_000 + this.#time.now;
  }

  get stalled(): boolean {
    return this.#time.now < this.#stalledUntil;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Late = { dueAt: this.#time.now + delayMs, run: callback };
    const cancel = this.#time.at(timer.dueAt, () => {
      if (this.stalled) this.#lateTimers.push(timer);
      else callback();
    });
    return () => {
      cancel();
      this.#lateTimers = this.#lateTimers.filter((late) => late !== timer);
    };
  }

  /** Something comes in over a socket; it is read when the loop turns. */
  arrive(read: () => void): void {
    if (this.stalled) this.#unread.push(read);
    else read();
  }

  /** A handler does not return for so long. */
  stall(forMs: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#time.now + forMs);
    this.#time.at(this.#stalledUntil, () => this.#turn());
  }

  /** The machine sleeps, and the monotonic clock stands still. */
  sleep(forMs: number): void {
    this.stall(forMs);
    this.#asleepMs += forMs;
  }

  #turn(): void {
    if (this.stalled) return;
    for (let timer = this.#lateTimers.shift(); timer !== undefined; timer = this.#lateTimers.shift()) timer.run();
    for (let read = this.#unread.shift(); read !== undefined; read = this.#unread.shift()) read();
  }
}
