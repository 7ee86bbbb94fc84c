import type { ActivationArgs } from "../bus/index.ts";

export interface ActivationOptions {
  readonly active: boolean;
  onActivated(args: ActivationArgs | undefined): void;
  onDeactivated(): void;
}

/** Whether an agent is active, and with which arguments. */
export class Activation {
  readonly #options: ActivationOptions;
  #active: boolean;
  #args: ActivationArgs | undefined;

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
    this.#active = true;
    this.#args = args;
    this.#options.onActivated(args);
  }

  deactivate(): void {
    this.withdraw();
    this.#options.onDeactivated();
  }

  /** Becomes inactive before anybody is told, so that nobody ever sees two active agents in a handoff. */
  withdraw(): void {
    this.#active = false;
    this.#args = undefined;
  }
}
