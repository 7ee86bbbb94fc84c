import { onSignal, type SignalName } from "#signals";
import { AgentError, type AgentHost, BaseAgent } from "../agents/index.ts";
import {
  type AgentBus,
  BusAddAgentMessage,
  BusAgentLocalErrorMessage,
  BusCancelAgentMessage,
  BusCancelMessage,
  BusEndAgentMessage,
  BusEndMessage,
  type BusMessage,
  type BusSubscriber,
  LocalBus,
} from "../bus/index.ts";
import { TrunklineError } from "../errors.ts";
import { AgentRegistry } from "../registry/index.ts";
import { deferred, Emitter, type EventHandler, within } from "../util/index.ts";
import { Discovery } from "./discovery.ts";
import { Roster } from "./roster.ts";

export interface AgentRunnerOptions {
  /** Unique among the runners that share a bus. Default: `runner-` and eight random letters. */
  readonly name?: string | undefined;
  /** Default: a {@link LocalBus} of its own. */
  readonly bus?: AgentBus | undefined;
  /** Whether Ctrl-C cancels it. Default: true. Without effect where there are no signals. */
  readonly handleSigint?: boolean | undefined;
  /** Whether SIGTERM cancels it. Default: false. */
  readonly handleSigterm?: boolean | undefined;
  /** How long a graceful end may take before what is left is cancelled. Default: 30,000. */
  readonly shutdownTimeoutMs?: number | undefined;
}

export interface AgentRunnerEvents {
  /** Every agent that was added before has been started. */
  ready: undefined;
  /** Something failed that nobody else handles: a handler, a hook, a pipeline, a start. */
  error: TrunklineError;
}

type State = "created" | "running" | "ending" | "cancelling" | "stopped";

const defaultShutdownTimeoutMs = 30_000;
const cancelTimeoutMs = 2_000;
const lastWordsMs = 200;

/**
 * Starts agents, keeps them, and ends them: the frame of one program, or of one session in a server.
 *
 * 1. created -> running -> ending or cancelling -> stopped. A cancel overtakes an end; both may come at any time, also
 *    before `run`, and `run` settles in any case.
 * 2. It ends its roots; they end their children.
 * 3. An error that nobody handles is told once, on `error`, with the name of the agent.
 */
export class AgentRunner {
  readonly name: string;
  readonly bus: AgentBus;
  readonly registry: AgentRegistry;
  readonly #options: AgentRunnerOptions;
  readonly #events = new Emitter<AgentRunnerEvents>((error) =>
    console.error("trunkline: a runner handler failed", error),
  );
  readonly #roster = new Roster();
  readonly #discovery: Discovery;
  readonly #host: AgentHost;
  readonly #subscriber: BusSubscriber;
  readonly #shutdown = deferred();
  readonly #cancelled = deferred();
  #subscribed: Promise<void> | undefined;
  #state: State = "created";
  #reason: string | undefined;

  constructor(options: AgentRunnerOptions = {}) {
    this.#options = options;
    this.name = options.name ?? `runner-${crypto.randomUUID().slice(0, 8)}`;
    this.bus = options.bus ?? new LocalBus();
    this.registry = new AgentRegistry(this.name, (error) => this.#report(error, this.name));
    this.#discovery = new Discovery(this.bus, this.registry);
    this.#subscriber = { name: this.name, onBusMessage: (message) => this.#handle(message) };
    this.#host = {
      runnerName: this.name,
      registry: this.registry,
      agentReady: (data) => this.#settle(this.#discovery.announce(data)),
      agentEnded: (agentName, reason) => {
        this.#roster.remove(agentName);
        this.#settle(this.#discovery.withdraw(agentName, reason));
      },
      report: (error, agentName) => this.#report(error, agentName),
    };
  }

  /** The agents it runs. */
  get agents(): readonly BaseAgent[] {
    return this.#roster.all;
  }

  on<E extends keyof AgentRunnerEvents>(event: E, handler: EventHandler<AgentRunnerEvents[E]>): () => void {
    return this.#events.on(event, handler);
  }

  /** An agent of this runner, or undefined. */
  getAgent(name: string): BaseAgent | undefined {
    return this.#roster.get(name);
  }

  /**
   * Takes an agent: it receives from now on, and starts with the runner, or now if that runs already. One whose name is
   * taken is not added; that is reported on `error`.
   */
  async addAgent(agent: BaseAgent): Promise<void> {
    if (this.#state !== "created" && this.#state !== "running") return;
    if (this.#roster.get(agent.name) === agent) return;
    if (!this.#roster.add(agent)) {
      this.#report(
        new AgentError("TL_AGENT_ADDED_TWICE", agent.name, `Agent "${agent.name}" was not added: the name is taken.`),
        agent.name,
      );
      return;
    }
    await this.#subscribe();
    await agent.attach(this.#host);
    if (this.#state === "running") this.#settle(agent.start());
  }

  /** Starts everything; resolves once it has ended or was cancelled, and nothing of it is left. */
  async run(): Promise<void> {
    if (this.#state === "stopped") return;
    if (this.#state !== "created") {
      // Ended before it began: there is nothing to end gracefully, only what was added to release.
      this.#state = "cancelling";
      await this.#stop();
      return;
    }
    this.#state = "running";
    const signals = this.#listenForSignals();
    const unheard = this.bus.on("error", ({ error, subscriber }) => this.#report(error, subscriber));
    try {
      await this.#subscribe();
      await this.bus.start();
      await this.#discovery.greet();
      await Promise.race([this.#startAll(), this.#shutdown.promise]);
      await this.#shutdown.promise;
      await this.#stop();
    } finally {
      for (const release of [...signals, unheard]) release();
    }
  }

  /** Asks every agent to end gracefully; resolves once they are asked. {@link run} resolves once they have. */
  async end(reason?: string): Promise<void> {
    if (this.#state !== "created" && this.#state !== "running") return;
    this.#state = "ending";
    this.#reason = reason;
    this.#shutdown.resolve();
  }

  /** Stops every agent now; resolves once they are told. {@link run} resolves once they have. */
  async cancel(reason?: string): Promise<void> {
    if (this.#state === "stopped" || this.#state === "cancelling") return;
    this.#state = "cancelling";
    this.#reason = reason;
    this.#cancelled.resolve();
    this.#shutdown.resolve();
  }

  /** Already when the first agent is added: it may have children to add before anything runs. */
  #subscribe(): Promise<void> {
    this.#subscribed ??= this.bus.subscribe(this.#subscriber);
    return this.#subscribed;
  }

  async #startAll(): Promise<void> {
    await Promise.all(this.#roster.all.map((agent) => agent.start()));
    if (this.#state === "running") await this.#events.emit("ready", undefined);
  }

  async #stop(): Promise<void> {
    const graceful = this.#state === "ending";
    if (graceful) await this.#endAll();
    await this.#cancelAll();
    await this.bus.unsubscribe(this.#subscriber);
    // Whoever else listens on this bus hears the last words too.
    if (graceful) await within(this.bus.idle(), lastWordsMs);
    this.#state = "stopped";
    await this.bus.stop();
  }

  async #endAll(): Promise<void> {
    const source = this.name;
    await this.#tellRoots((target) => new BusEndAgentMessage({ source, target, reason: this.#reason }));
    const timeoutMs = this.#options.shutdownTimeoutMs ?? defaultShutdownTimeoutMs;
    const ended = Promise.race([this.#allEnded(), this.#cancelled.promise]);
    if ((await within(ended, timeoutMs)) === "late") this.#reportLate(timeoutMs);
  }

  async #cancelAll(): Promise<void> {
    const source = this.name;
    await this.#tellRoots((target) => new BusCancelAgentMessage({ source, target, reason: this.#reason }));
    if ((await within(this.#allEnded(), cancelTimeoutMs)) === "late") this.#reportLate(cancelTimeoutMs);
  }

  async #tellRoots(message: (target: string) => BusMessage): Promise<void> {
    const results = await Promise.allSettled(this.#roster.roots.map(({ name }) => this.bus.send(message(name))));
    for (const result of results) if (result.status === "rejected") this.#report(result.reason, this.name);
  }

  async #allEnded(): Promise<void> {
    await Promise.all(this.#roster.all.map((agent) => agent.wait()));
  }

  #reportLate(timeoutMs: number): void {
    const names = this.#roster.all.map(({ name }) => `"${name}"`).join(", ");
    const message = `After ${timeoutMs} ms these agents had not ended: ${names}.`;
    this.#report(new TrunklineError("TL_SHUTDOWN_LATE", message), this.name);
  }

  #handle(message: BusMessage): void | Promise<void> {
    if (message.source === this.name) return;
    if (message instanceof BusEndMessage) return this.end(message.reason);
    if (message instanceof BusCancelMessage) return this.cancel(message.reason);
    if (message instanceof BusAddAgentMessage) return this.#addChild(message);
    return this.#discovery.handle(message);
  }

  async #addChild({ agent, source }: BusAddAgentMessage): Promise<void> {
    if (!(agent instanceof BaseAgent)) return;
    await this.addAgent(agent);
    if (this.#roster.get(agent.name) === agent) return;
    const error = `Agent "${agent.name}" was not added: the name is taken.`;
    await this.bus.send(new BusAgentLocalErrorMessage({ source: agent.name, target: source, error }));
  }

  #listenForSignals(): (() => void)[] {
    const { handleSigint = true, handleSigterm = false } = this.#options;
    const listen = (name: SignalName) => onSignal(name, () => void this.cancel(name));
    return [...(handleSigint ? [listen("SIGINT")] : []), ...(handleSigterm ? [listen("SIGTERM")] : [])];
  }

  #settle(work: Promise<void>): void {
    work.catch((error: unknown) => this.#report(error, this.name));
  }

  #report(error: unknown, agentName: string): void {
    const ended = this.#state === "stopped" || this.#state === "cancelling";
    // What is still under way when everything stops finds the bus gone; that is the stop, not a fault.
    if (ended && error instanceof TrunklineError && error.code === "TL_BUS_STOPPED") return;
    const named =
      error instanceof TrunklineError && agentName === this.name ? error : AgentError.from(error, agentName);
    if (this.#events.has("error")) void this.#events.emit("error", named);
    else console.error(named);
  }
}
