/** Runs `work` after the event loop has had its chance to read sockets and fire timers. */
export const nextTurn: (work: () => void) => void = chooseNextTurn();

function chooseNextTurn(): (work: () => void) => void {
  const { setImmediate } = globalThis as { setImmediate?: (work: () => void) => unknown };
  if (setImmediate) return (work) => void setImmediate(work);
  // A browser clamps nested timers to 4 ms; a message to oneself is a turn without the wait.
  return (work) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      work();
    };
    channel.port2.postMessage(undefined);
  };
}

/**
 * A budget of time for each turn of the event loop, shared by all who work in it, so that many small queues
 * cannot do together what one long queue is not allowed to do alone.
 */
export class Turn {
  readonly #budgetMs: number;
  #endsAt = 0;
  #open = false;

  constructor(budgetMs = 0.1) {
    this.#budgetMs = budgetMs;
  }

  /** True when this turn's time is used up and work should go on in the next one. */
  spent(): boolean {
    const now = performance.now();
    if (this.#open) return now >= this.#endsAt;
    this.#open = true;
    this.#endsAt = now + this.#budgetMs;
    nextTurn(this.#close);
    return false;
  }

  readonly #close = (): void => {
    this.#open = false;
  };
}
