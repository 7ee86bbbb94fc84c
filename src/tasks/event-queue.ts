import { TrunklineError } from "../errors.ts";
import { type Deferred, Deque, deferred } from "../util/index.ts";

/** How many events wait for a reader that is late, or never comes. */
export const maxUnreadEvents = 65_536;

/**
 * What a task said on its way, kept from the first event on until it is read.
 *
 * An event is handed out once, so two loops share what comes. When too many wait they are all let go, and reading
 * throws: a gap is never mistaken for the whole.
 */
export class EventQueue<Event> {
  readonly #unread = new Deque<Event>();
  readonly #onLost: (count: number) => void;
  #closed = false;
  #overflowed = false;
  #changed: Deferred<void> | undefined;

  /** `onLost` is told how many events were let go. */
  constructor(onLost: (count: number) => void) {
    this.#onLost = onLost;
  }

  push(event: Event): void {
    if (this.#closed) return;
    if (this.#overflowed) {
      this.#onLost(1);
      return;
    }
    if (this.#unread.size >= maxUnreadEvents) {
      this.#overflowed = true;
      this.#onLost(this.#unread.size + 1);
      this.#unread.clear();
    } else {
      this.#unread.push(event);
    }
    this.#wake();
  }

  /** Reading ends after what is unread. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** @throws TrunklineError `TL_QUEUE_FULL` when more than {@link maxUnreadEvents} were unread */
  async *read(): AsyncGenerator<Event, void, undefined> {
    for (;;) {
      if (this.#overflowed) throw overflow();
      const event = this.#unread.shift();
      if (event !== undefined) yield event;
      else if (this.#closed) return;
      else await this.#change();
    }
  }

  #change(): Promise<void> {
    this.#changed ??= deferred();
    return this.#changed.promise;
  }

  #wake(): void {
    this.#changed?.resolve();
    this.#changed = undefined;
  }
}

function overflow(): TrunklineError {
  return new TrunklineError(
    "TL_QUEUE_FULL",
    `More than ${maxUnreadEvents} events of this task waited to be read, so they were let go. Read them faster; the response is not affected.`,
  );
}
