import { onSignal, type SignalName } from "#signals";
import { AgentError, type AgentHost, BaseAgent } from "../agents/index.ts";
import {
  type AgentBus,
  BusAddAgentMessage,
  BusAgentLocalErrorMessage,
  BusCancelMessage,
  BusEndMessage,
  type BusMessage,
  type BusSubscriber,
  LocalBus,
} from "../bus/index.ts";
import { messageOf, TrunklineError } from "../errors.ts";
import { AgentRegistry } from "../registry/index.ts";
import { deferred, Emitter, type EventHandler, within } from "../util/index.ts";
import { Discovery } from "./discovery.ts";
import { Roster } from "./roster.ts";
import { Shutdown } from "./shutdown.ts";

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
const lastWordsMs = 200;

/**
 * Starts agents, keeps them, and ends them: the frame of one program, or of one session in a server.
 *
 * 1. created -> running -> ending or cancelling -> stopped. A cancel overtakes an end; both may come at any time, also
 *    before `run`, and `run` settles in any case.
 * 2. It ends its roots; they end their children. Whoever does not heed a cancel is cut off and named.
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
  readonly #shutdown: Shutdown;
  readonly #endAsked = deferred();
  readonly #cancelled = deferred();
  #subscribed: Promise<void> | undefined;
  #run: Promise<void> | undefined;
  #busStarted = false;
  #state: State = "created";
  #reason: string | undefined;

  constructor(options: AgentRunnerOptions = {}) {
    this.#options = options;
    this.name = options.name ?? `runner-${crypto.randomUUID().slice(0, 8)}`;
    this.bus = options.bus ?? new LocalBus();
    this.registry = new AgentRegistry(this.name, (error) => this.#report(error, this.name));
    this.#discovery = new Discovery(this.bus, this.registry);
    const report = (error: unknown) => this.#report(error, this.name);
    this.#shutdown = new Shutdown({ runnerName: this.name, bus: this.bus, roster: this.#roster, report });
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
   * taken is not added; that is reported on `error`. After the end nothing is added.
   * @throws TrunklineError `TL_INVALID_OPTION` for an agent that was built for another bus, `TL_AGENT_ADDED_TWICE` for
   * one that another runner has, `TL_SUBSCRIBER_EXISTS` when somebody else has the name on the bus
   */
  async addAgent(agent: BaseAgent): Promise<void> {
    if (this.#ending || this.#roster.get(agent.name) === agent) return;
    if (agent.bus !== this.bus) {
      throw new TrunklineError(
        "TL_INVALID_OPTION",
        `Agent "${agent.name}" was built for another bus than that of runner "${this.name}". Give it runner.bus.`,
      );
    }
    if (!this.#roster.add(agent)) {
      this.#report(
        new AgentError("TL_AGENT_ADDED_TWICE", agent.name, `Agent "${agent.name}" was not added: the name is taken.`),
        agent.name,
      );
      return;
    }
    try {
      await this.#subscribe();
      await agent.attach(this.#host);
    } catch (error) {
      this.#roster.remove(agent.name);
      throw error;
    }
    if (this.#state === "running") this.#settle(agent.start());
    // The end came while it was being added; it may have missed the word, and nobody will start it.
    else if (this.#ending) await agent.stop(this.#reason);
  }

  /**
   * Starts everything; resolves once it has ended or was cancelled, and nothing of it is left. Every call gives the
   * same promise.
   * @throws what the bus throws when it cannot start; everything is released then too
   */
  run(): Promise<void> {
    this.#run ??= this.#runOnce();
    return this.#run;
  }

  async #runOnce(): Promise<void> {
    if (this.#ending) {
      // Ended before it began: there is nothing to end gracefully, only what was added to release.
      this.#state = "cancelling";
      await this.#stop();
      return;
    }
    this.#state = "running";
    const signals = this.#listenForSignals();
    const unheard = this.bus.on("error", ({ error, subscriber }) => this.#busFailed(error, subscriber));
    try {
      await this.#begin();
      await Promise.race([this.#startAll(), this.#endAsked.promise]);
      await this.#endAsked.promise;
      await this.#stop();
    } catch (error) {
      await this.cancel("failed to start");
      await this.#stop();
      throw error;
    } finally {
      for (const release of [...signals, unheard]) release();
    }
  }

  async #begin(): Promise<void> {
    await this.#subscribe();
    await this.bus.start();
    this.#busStarted = true;
    await this.#discovery.greet();
  }

  /** Asks every agent to end gracefully; resolves once they are asked. {@link run} resolves once they have. */
  async end(reason?: string): Promise<void> {
    if (this.#ending) return;
    this.#state = "ending";
    this.#reason = reason;
    this.#endAsked.resolve();
  }

  /** Stops every agent now; resolves once they are told. {@link run} resolves once they have. */
  async cancel(reason?: string): Promise<void> {
    if (this.#state === "stopped" || this.#state === "cancelling") return;
    this.#state = "cancelling";
    this.#reason = reason;
    this.#cancelled.resolve();
    this.#endAsked.resolve();
  }

  get #ending(): boolean {
    return this.#state !== "created" && this.#state !== "running";
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
    const timeoutMs = this.#options.shutdownTimeoutMs ?? defaultShutdownTimeoutMs;
    if (graceful) await this.#shutdown.end(this.#reason, timeoutMs, this.#cancelled.promise);
    await this.#shutdown.cancel(this.#reason);
    await this.bus.unsubscribe(this.#subscriber);
    // Whoever else listens on this bus hears the last words too.
    await within(this.bus.idle(), lastWordsMs);
    this.#state = "stopped";
    // Others may have started it too; only who has may stop it.
    if (this.#busStarted) await this.bus.stop();
  }

  #handle(message: BusMessage): void | Promise<void> {
    if (message.source === this.name) return;
    if (message instanceof BusEndMessage) return this.end(message.reason);
    if (message instanceof BusCancelMessage) return this.cancel(message.reason);
    if (message instanceof BusAddAgentMessage) return this.#addChild(message);
    return this.#discovery.handle(message);
  }

  async #addChild({ agent, source }: BusAddAgentMessage): Promise<void> {
    // Every runner on this bus hears of it; it belongs where its parent is, and to nobody once that has ended.
    if (!(agent instanceof BaseAgent) || agent.added || !this.#mayHave(agent)) return;
    let error = `Agent "${agent.name}" was not added: the name is taken.`;
    try {
      await this.addAgent(agent);
    } catch (cause) {
      error = messageOf(cause);
      this.#report(cause, agent.name);
    }
    if (this.#roster.get(agent.name) === agent || this.#ending) return;
    await this.bus.send(new BusAgentLocalErrorMessage({ source: agent.name, target: source, error }));
  }

  #mayHave(agent: BaseAgent): boolean {
    if (agent.parent === undefined) return true;
    const parent = this.#roster.get(agent.parent);
    return parent !== undefined && parent.state !== "ended";
  }

  #listenForSignals(): (() => void)[] {
    const { handleSigint = true, handleSigterm = false } = this.#options;
    const listen = (name: SignalName) => onSignal(name, () => void this.cancel(name));
    return [...(handleSigint ? [listen("SIGINT")] : []), ...(handleSigterm ? [listen("SIGTERM")] : [])];
  }

  #settle(work: Promise<void>): void {
    work.catch((error: unknown) => this.#report(error, this.name));
  }

  /** A failure of an agent that is known to live elsewhere is for its own runner to tell. */
  #busFailed(error: TrunklineError, subscriber: string): void {
    const runner = this.registry.get(subscriber)?.runner;
    if (runner === undefined || runner === this.name || !this.bus.has(runner)) this.#report(error, subscriber);
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
