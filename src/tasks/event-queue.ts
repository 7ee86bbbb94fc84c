import { TrunklineError } from "../errors.ts";
import { type Deferred, Deque, deferred, estimatedBytes } from "../util/index.ts";
import type { TaskEvent } from "./task-event.ts";

/** How many events wait for a reader that is late, or never comes. */
export const maxUnreadEvents = 65_536;
/** About how many bytes these may keep while nobody reads. One alone is kept, whatever its size. */
export const maxUnreadBytes = 8_388_608;
/** The same while somebody reads, who may be slow. */
const maxBytesBehindReader = 33_554_432;

/**
 * What a task said on its way, kept from the first event on until it is read.
 *
 * An event is handed out once, so two loops share what comes. When too many wait they are all let go, and reading
 * throws: a gap is never mistaken for the whole.
 */
export class EventQueue<Event extends TaskEvent> {
  readonly #unread = new Deque<Event>();
  // Beside the events and in the same order, so that an event needs no object around it.
  readonly #bytesOfEach = new Deque<number>();
  #bytes = 0;
  #readers = 0;
  // From when a reader waits for the next one until it has it. What comes at once then is as good as read.
  #caughtUp = false;
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
    const maxBytes = this.#readers > 0 ? maxBytesBehindReader : maxUnreadBytes;
    const bytes = this.#caughtUp ? 0 : estimatedBytes(event.data, maxBytes);
    const { size } = this.#unread;
    if (size >= maxUnreadEvents || (size > 0 && this.#bytes + bytes > maxBytes)) this.#letGo();
    else this.#keep(event, bytes);
    this.#wake();
  }

  /** Reading ends after what is unread. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** @throws TrunklineError `TL_QUEUE_FULL` when more than {@link maxUnreadEvents}, or too many bytes, were unread */
  async *read(): AsyncGenerator<Event, void, undefined> {
    this.#readers += 1;
    try {
      for (;;) {
        if (this.#overflowed) throw overflow();
        const event = this.#take();
        if (event !== undefined) yield event;
        else if (this.#closed) return;
        else await this.#change();
      }
    } finally {
      this.#readers -= 1;
    }
  }

  #keep(event: Event, bytes: number): void {
    this.#unread.push(event);
    this.#bytesOfEach.push(bytes);
    this.#bytes += bytes;
  }

  #take(): Event | undefined {
    if (this.#unread.size > 0) this.#caughtUp = false;
    this.#bytes -= this.#bytesOfEach.shift() ?? 0;
    return this.#unread.shift();
  }

  #letGo(): void {
    this.#overflowed = true;
    this.#onLost(this.#unread.size + 1);
    this.#unread.clear();
    this.#bytesOfEach.clear();
  }

  #change(): Promise<void> {
    this.#caughtUp = true;
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
    `More than ${maxUnreadEvents} events of this task, or too many bytes of them, waited to be read, so they were let go. Begin to read at once and read faster; the response is not affected.`,
  );
}
