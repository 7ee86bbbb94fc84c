/** Takes one payload. What it returns is of no interest, unless it is a promise: that is awaited. */
export type EventHandler<T> = (payload: T) => unknown;

interface Listener {
  readonly handler: EventHandler<never>;
  readonly once: boolean;
}

/**
 * Typed events with handlers that may be asynchronous.
 *
 * Handlers run in the order they were added, each after the one before it has finished, and a failing one is
 * reported and stops nobody.
 */
export class Emitter<Events extends object> {
  // Keyed loosely, so that an emitter of more events is one of fewer to the compiler.
  readonly #listeners = new Map<PropertyKey, Listener[]>();
  readonly #onError: (error: unknown, event: string) => void;

  constructor(onError: (error: unknown, event: string) => void) {
    this.#onError = onError;
  }

  /** Adds a handler; the returned function takes it away again. */
  on<E extends keyof Events>(event: E, handler: EventHandler<Events[E]>): () => void {
    return this.#add(event, { handler: handler as EventHandler<never>, once: false });
  }

  /** Adds a handler for the next time only. */
  once<E extends keyof Events>(event: E, handler: EventHandler<Events[E]>): () => void {
    return this.#add(event, { handler: handler as EventHandler<never>, once: true });
  }

  off<E extends keyof Events>(event: E, handler: EventHandler<Events[E]>): void {
    const rest = (this.#listeners.get(event) ?? []).filter((listener) => listener.handler !== handler);
    this.#set(event, rest);
  }

  /** True when somebody listens. */
  has(event: keyof Events): boolean {
    return this.#listeners.has(event);
  }

  clear(): void {
    this.#listeners.clear();
  }

  async emit<E extends keyof Events>(event: E, payload: Events[E]): Promise<void> {
    for (const listener of this.#listeners.get(event) ?? []) {
      // Another emit, under way while this one waited, may have had it.
      if (listener.once && !this.#remove(event, listener)) continue;
      try {
        await (listener.handler as EventHandler<Events[E]>)(payload);
      } catch (error) {
        this.#onError(error, String(event));
      }
    }
  }

  #add(event: PropertyKey, listener: Listener): () => void {
    this.#set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return () => void this.#remove(event, listener);
  }

  #remove(event: PropertyKey, listener: Listener): boolean {
    const before = this.#listeners.get(event) ?? [];
    const rest = before.filter((other) => other !== listener);
    this.#set(event, rest);
    return rest.length < before.length;
  }

  // Lists are replaced, never changed, so that an emit in progress keeps the one it began with.
  #set(event: PropertyKey, listeners: Listener[]): void {
    if (listeners.length === 0) this.#listeners.delete(event);
    else this.#listeners.set(event, listeners);
  }
}
