import { nextTurn } from "../util/index.ts";

export interface CableOptions {
  /** How many turns of the event loop a frame is on its way. */
  readonly delayTurns: number;
  /** Whether the end it leads to takes frames now. */
  readonly reads: () => boolean;
}

interface Transit {
  readonly byteLength: number;
  readonly dueTurn: number;
  readonly arrive: () => void;
}

/** One direction of a connection in memory: what is put in arrives in order, turns of the event loop later. */
export class Cable {
  readonly #options: CableOptions;
  #transits: Transit[] = [];
  #bytes = 0;
  #turn = 0;
  #ticking = false;
  #held = false;

  constructor(options: CableOptions) {
    this.#options = options;
  }

  /** Bytes that have not arrived. */
  get bytes(): number {
    return this.#bytes;
  }

  put(byteLength: number, arrive: () => void): void {
    this.#transits.push({ byteLength, arrive, dueTurn: this.#turn + this.#options.delayTurns });
    this.#bytes += byteLength;
    this.wake();
  }

  /** The end it leads to may read again. */
  wake(): void {
    if (this.#ticking || this.#transits.length === 0 || this.#held || !this.#options.reads()) return;
    this.#ticking = true;
    nextTurn(() => this.#tick());
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.wake();
  }

  /** Loses everything that is on its way. */
  clear(): void {
    this.#transits = [];
    this.#bytes = 0;
  }

  #tick(): void {
    this.#turn += 1;
    this.#ticking = false;
    try {
      for (let next = this.#takeDue(); next !== undefined; next = this.#takeDue()) next.arrive();
    } finally {
      this.wake();
    }
  }

  #takeDue(): Transit | undefined {
    const first = this.#transits[0];
    if (first === undefined || first.dueTurn > this.#turn || this.#held || !this.#options.reads()) return undefined;
    this.#transits.shift();
    this.#bytes -= first.byteLength;
    return first;
  }
}
