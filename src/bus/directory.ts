import type { BusMessage } from "./message.ts";
import type { Subscription } from "./subscription.ts";

const nobody: readonly Subscription[] = [];

/**
 * Who a message is for. A targeted message is one lookup, however many subscribers there are.
 *
 * Lists are replaced, never changed, so that a delivery in progress is not disturbed by who comes and goes.
 */
export class Directory {
  readonly #byName = new Map<string, Subscription>();
  readonly #byAddress = new Map<string, readonly Subscription[]>();
  #addressed: readonly Subscription[] = nobody;
  #observers: readonly Subscription[] = nobody;

  get(name: string): Subscription | undefined {
    return this.#byName.get(name);
  }

  get all(): readonly Subscription[] {
    return [...this.#byName.values()];
  }

  get observers(): readonly Subscription[] {
    return this.#observers;
  }

  /** Everyone a message is for, observers apart. */
  recipients(message: BusMessage): readonly Subscription[] {
    if (message.target === undefined) return this.#addressed;
    return this.at(message.target);
  }

  at(address: string): readonly Subscription[] {
    return this.#byAddress.get(address) ?? nobody;
  }

  add(subscription: Subscription): void {
    this.#byName.set(subscription.subscriber.name, subscription);
    if (subscription.observe) {
      this.#observers = [...this.#observers, subscription];
      return;
    }
    this.#addressed = [...this.#addressed, subscription];
    const sharing = this.#byAddress.get(subscription.address) ?? nobody;
    this.#byAddress.set(subscription.address, [...sharing, subscription]);
  }

  remove(subscription: Subscription): void {
    const others = (list: readonly Subscription[]) => list.filter((other) => other !== subscription);
    this.#byName.delete(subscription.subscriber.name);
    this.#observers = others(this.#observers);
    this.#addressed = others(this.#addressed);
    const sharing = others(this.#byAddress.get(subscription.address) ?? nobody);
    if (sharing.length > 0) this.#byAddress.set(subscription.address, sharing);
    else this.#byAddress.delete(subscription.address);
  }
}
