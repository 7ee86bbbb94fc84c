import { setUpRunner } from "#setup";
import { onSignal, type SignalName } from "#signals";
import { AgentError, type AgentHost, type BaseAgent } from "../agents/index.ts";
import {
  type AgentBus,
  BusAddAgentMessage,
  BusCancelMessage,
  BusEndMessage,
  type BusMessage,
  type BusSubscriber,
  LocalBus,
} from "../bus/index.ts";
import { TrunklineError } from "../errors.ts";
import { AgentRegistry } from "../registry/index.ts";
import { deferred, Emitter, type EventHandler, within } from "../util/index.ts";
import { Adoption } from "./adoption.ts";
import { Discovery } from "./discovery.ts";
import { refuseHeartbeatInterval } from "./liveness.ts";
import { type AgentObserver, Observation } from "./observation.ts";
import { Roster } from "./roster.ts";
import {
  type AgentRunnerEvents,
  type AgentRunnerOptions,
  defaultHeartbeatIntervalMs,
  defaultShutdownTimeoutMs,
} from "./runner-options.ts";
import { Shutdown } from "./shutdown.ts";

/** What a runner is built with. */
type State = "created" | "running" | "ending" | "cancelling" | "stopped";

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
  readonly #observation = new Observation((error, agentName) => this.#report(error, agentName));
  readonly #adoption: Adoption;
  readonly #host: AgentHost;
  readonly #subscriber: BusSubscriber;
  readonly #shutdown: Shutdown;
  readonly #endAsked = deferred();
  readonly #cancelled = deferred();
  #subscribed: Promise<void> | undefined;
  #run: Promise<void> | undefined;
  #busStarted = false;
  #begun = false;
  #state: State = "created";
  #reason: string | undefined;

  /** @throws TrunklineError `TL_INVALID_OPTION` for a heartbeat that is neither 0 nor within its bounds */
  constructor(options: AgentRunnerOptions = {}) {
    const { heartbeatIntervalMs = defaultHeartbeatIntervalMs, shutdownTimeoutMs = defaultShutdownTimeoutMs } = options;
    refuseHeartbeatInterval(heartbeatIntervalMs);
    this.#options = options;
    this.name = options.name ?? `runner-${crypto.randomUUID().slice(0, 8)}`;
    this.bus = options.bus ?? new LocalBus();
    const { bus } = this;
    const roster = this.#roster;
    const report = (error: unknown, agentName = this.name) => this.#report(error, agentName);
    const ending = () => this.#ending;
    const registry = new AgentRegistry(this.name, report);
    this.registry = registry;
    this.#discovery = new Discovery({ bus, registry, heartbeatIntervalMs, report });
    this.#shutdown = new Shutdown({ runnerName: this.name, bus, roster, timeoutMs: shutdownTimeoutMs, report });
    this.#adoption = new Adoption({ bus, roster, add: (agent) => this.addAgent(agent), ending, report });
    this.#subscriber = { name: this.name, onBusMessage: (message) => this.#handle(message) };
    this.#host = {
      runnerName: this.name,
      registry,
      endTimeoutMs: shutdownTimeoutMs,
      ending,
      observersOf: (agentName) => {
        const agent = roster.get(agentName);
        return agent === undefined ? [] : this.#observation.of(agent);
      },
      agentReady: (data) => this.#settle(this.#discovery.announce(data)),
      agentEnded: (agentName, reason) => {
        roster.remove(agentName);
        this.#settle(this.#discovery.withdraw(agentName, reason));
      },
      report,
    };
  }

  /** The agents it runs. */
  get agents(): readonly BaseAgent[] {
    return this.#roster.all;
  }

  /** Adds a handler; the returned function takes it away again. */
  on<E extends keyof AgentRunnerEvents>(event: E, handler: EventHandler<AgentRunnerEvents[E]>): () => void {
    return this.#events.on(event, handler);
  }

  /** An agent of this runner, or undefined. */
  getAgent(name: string): BaseAgent | undefined {
    return this.#roster.get(name);
  }

  /**
   * Watches the pipeline of every agent that starts from now on, beside the agent's own observers. The returned function
   * ends that for agents that start later.
   */
  addObserver(observer: AgentObserver): () => void {
    return this.#observation.add(observer);
  }

  /**
   * Takes an agent: it receives from now on, and starts with the runner, or now if that runs already. One whose name is
   * taken is not added; that is reported on `error`. After the end nothing is added.
   * @throws TrunklineError `TL_INVALID_OPTION` for an agent that was built for another bus, `TL_AGENT_ADDED_TWICE` for
   * one that another runner has or that has ended, `TL_SUBSCRIBER_EXISTS` when somebody else has the name on the bus
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
    if (this.#state === "running" && this.#begun) this.#settle(agent.start());
    // The end came while it was being added; it may have missed the word, and nobody will start it.
    else if (this.#ending) await agent.stop(this.#reason);
  }

  /**
   * Starts everything; resolves once it has ended or was cancelled, and nothing of it is left. Every call gives the
   * same promise. In Node, the modules that the environment variable `TRUNKLINE_SETUP` names are called first.
   * @throws what the bus throws when it cannot start, or TrunklineError `TL_SETUP_FAILED`; everything is released then
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
      const setUp = setUpRunner(this);
      if (setUp !== undefined) await this.#unlessEnded(setUp);
      if (!this.#ending) await this.#work();
      // Ended while it was set up, or the bus was: nothing has begun, and there is nothing to end gracefully.
      if (!this.#begun) this.#state = "cancelling";
      await this.#stop();
    } catch (error) {
      await this.cancel("failed to start");
      await this.#stop();
      throw error;
    } finally {
      for (const release of [...signals, unheard]) release();
    }
  }

  /** Waits for what somebody else has written, and may hang; an end does not. */
  async #unlessEnded(work: Promise<void>): Promise<void> {
    await Promise.race([work, this.#endAsked.promise]);
    if (this.#ending) this.#settle(work);
  }

  async #work(): Promise<void> {
    await this.#unlessEnded(this.#subscribe());
    if (!this.#ending) await this.#unlessEnded(this.#startBus());
    if (!this.#ending) await this.#unlessEnded(this.#discovery.greet());
    if (!this.#ending) await Promise.race([this.#startAll(), this.#endAsked.promise]);
    await this.#endAsked.promise;
  }

  async #startBus(): Promise<void> {
    await this.bus.start();
    this.#busStarted = true;
    // The end has not waited for it, and nobody else would stop it.
    if (this.#state === "stopped") await this.bus.stop();
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
    this.#begun = true;
    await Promise.all(this.#roster.all.map((agent) => agent.start()));
    if (this.#state === "running") await this.#events.emit("ready", undefined);
  }

  async #stop(): Promise<void> {
    const graceful = this.#state === "ending";
    if (graceful) await this.#shutdown.end(this.#reason, this.#cancelled.promise);
    await this.#shutdown.cancel(this.#reason);
    this.#discovery.leave();
    await this.#shutdown.left("unsubscribe", this.bus.unsubscribe(this.#subscriber));
    // Whoever else listens on this bus hears the last words too.
    await within(this.bus.idle(), lastWordsMs);
    this.#state = "stopped";
    // Others may have started it too; only who has may stop it.
    if (this.#busStarted) await this.#shutdown.left("stop", this.bus.stop());
  }

  #handle(message: BusMessage): void | Promise<void> {
    if (message.source === this.name) return;
    if (message instanceof BusEndMessage) return this.end(message.reason);
    if (message instanceof BusCancelMessage) return this.cancel(message.reason);
    if (message instanceof BusAddAgentMessage) return this.#adoption.handle(message);
    return this.#discovery.handle(message);
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
