import { type AgentBus, BusAddAgentMessage, BusCancelAgentMessage, BusEndAgentMessage } from "../bus/index.ts";

/** As much of an agent as its parent needs. */
export interface ChildAgent {
  readonly name: string;
  /** True once a runner has taken it. */
  readonly added: boolean;
  wait(): Promise<void>;
  stop(reason?: string): Promise<void>;
}

/** The agents that one agent has added, in order. */
export class Children<C extends ChildAgent> {
  readonly #bus: AgentBus;
  readonly #parentName: string;
  readonly #list: C[] = [];

  constructor(bus: AgentBus, parentName: string) {
    this.#bus = bus;
    this.#parentName = parentName;
  }

  get list(): readonly C[] {
    return this.#list;
  }

  async add(child: C): Promise<void> {
    this.#list.push(child);
    void child.wait().then(() => this.#remove(child));
    await this.#send(child);
  }

  /** Tells again of those that no runner heard of, because their parent had none yet. */
  async announce(): Promise<void> {
    for (const child of this.#list) if (!child.added) await this.#send(child);
  }

  /** Asks every child to end; resolves once all have. */
  async end(reason: string | undefined): Promise<void> {
    const source = this.#parentName;
    await this.#tell((target) => new BusEndAgentMessage({ source, target, reason }));
  }

  /** Tells every child to stop now; resolves once all have. Those that no runner has taken, none will take any more. */
  async cancel(reason: string | undefined): Promise<void> {
    const source = this.#parentName;
    const waiting = this.#list.filter((child) => !child.added);
    const stopped = Promise.all(waiting.map((child) => child.stop(reason)));
    await this.#tell((target) => new BusCancelAgentMessage({ source, target, reason }));
    await stopped;
  }

  #send(child: C): Promise<void> {
    return this.#bus.send(new BusAddAgentMessage({ source: this.#parentName, agent: child }));
  }

  #remove(child: C): void {
    const index = this.#list.indexOf(child);
    if (index >= 0) this.#list.splice(index, 1);
  }

  async #tell(message: (target: string) => BusEndAgentMessage | BusCancelAgentMessage): Promise<void> {
    // A child that no runner has taken hears nothing and has nothing to end.
    const running = this.#list.filter((child) => child.added);
    await Promise.all(running.map((child) => this.#bus.send(message(child.name))));
    await Promise.all(running.map((child) => child.wait()));
  }
}
