// Many are never used, so that the first push makes the ring.
const firstLength = 16;

/** First in, first out, in constant time: a ring that doubles when it is full. */
export class Deque<T> {
  #ring: (T | undefined)[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item;
    this.#size += 1;
  }

  /** The first, which {@link shift} would take. */
  get first(): T | undefined {
    return this.#size === 0 ? undefined : this.#ring[this.#head];
  }

  get last(): T | undefined {
    return this.#size === 0 ? undefined : this.#ring[(this.#head + this.#size - 1) & (this.#ring.length - 1)];
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size -= 1;
    return item;
  }

  /** Keeps the items for which `keep` is true, in order; returns how many went. */
  retain(keep: (item: T) => boolean): number {
    const before = this.#size;
    const items = [...this];
    this.clear();
    for (const item of items) if (keep(item)) this.push(item);
    return before - this.#size;
  }

  clear(): void {
    this.#ring = [];
    this.#head = 0;
    this.#size = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.#size; i++) yield this.#ring[(this.#head + i) & (this.#ring.length - 1)] as T;
  }

  #grow(): void {
    const items = [...this];
    this.#ring = items.concat(new Array(items.length || firstLength));
    this.#head = 0;
  }
}
