import type { ActivationArgs } from "../bus/index.ts";

export interface ActivationOptions {
  readonly active: boolean;
  onActivated(args: ActivationArgs | undefined): void;
  onDeactivated(): void;
}

/** What an agent was active with before it withdrew. */
export interface Withdrawal {
  readonly args: ActivationArgs | undefined;
}

/** Whether an agent is active, and with which arguments. */
export class Activation {
  readonly #options: ActivationOptions;
  #active: boolean;
  #args: ActivationArgs | undefined;
  #withdrawal: Withdrawal | undefined;

  constructor(options: ActivationOptions) {
    this.#options = options;
    this.#active = options.active;
  }

  get active(): boolean {
    return this.#active;
  }

  get args(): ActivationArgs | undefined {
    return this.#args;
  }

  /** Tells an agent that was built active that it is, now that it can act on it. */
  begin(): void {
    if (this.#active) this.activate(undefined);
  }

  activate(args: ActivationArgs | undefined): void {
    this.#withdrawal = undefined;
    this.#active = true;
    this.#args = args;
    this.#options.onActivated(args);
  }

  deactivate(): void {
    this.withdraw();
    this.#options.onDeactivated();
  }

  /**
   * Becomes inactive before anybody is told, so that nobody ever sees two active agents in a handoff. Gives what
   * {@link restore} takes it back with; undefined if it was inactive.
   */
  withdraw(): Withdrawal | undefined {
    const withdrawal = this.#active ? { args: this.#args } : undefined;
    this.#withdrawal = withdrawal;
    this.#active = false;
    this.#args = undefined;
    return withdrawal;
  }

  /** Takes back a withdrawal that nobody was told of, unless it has been activated or deactivated since. */
  restore(withdrawal: Withdrawal): void {
    if (this.#withdrawal !== withdrawal) return;
    this.#withdrawal = undefined;
    this.#active = true;
    this.#args = withdrawal.args;
  }
}
