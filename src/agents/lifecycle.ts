import { TrunklineError } from "../errors.ts";
import type { Pipeline } from "../pipeline/index.ts";
import { deferred, within } from "../util/index.ts";
import { AgentError } from "./agent-error.ts";
import type { AgentPipeline } from "./agent-pipeline.ts";
import type { AgentHost } from "./host.ts";

/** created -> starting -> ready -> ending -> ended; a cancel, or a failure, goes to ended from anywhere. */
export type AgentState = "created" | "starting" | "ready" | "ending" | "ended";

/** What the lifecycle asks of its agent, in the order in which it asks. */
export interface LifecycleSteps {
  subscribe(): Promise<void>;
  build(): Promise<Pipeline | undefined>;
  /** It can receive now. */
  becomeReady(): void;
  /** Any end, first thing: stops children and tasks. Resolves once the children have ended and tasks are answered. */
  halt(reason: string | undefined): Promise<void>;
  /** A graceful end: children and the agent itself finish what they are doing. */
  finishWork(reason: string | undefined): Promise<void>;
  /** Any end, last thing: releases everything. */
  release(reason: string | undefined): Promise<void>;
  failed(error: AgentError): void;
}

/** Takes one agent from start to end, once. */
export class Lifecycle {
  readonly #agentName: string;
  readonly #pipeline: AgentPipeline;
  readonly #steps: LifecycleSteps;
  readonly #settled = deferred();
  readonly #ended = deferred();
  #state: AgentState = "created";
  #host: AgentHost | undefined;
  #attached: Promise<void> | undefined;
  #startedAt: number | undefined;

  constructor(agentName: string, pipeline: AgentPipeline, steps: LifecycleSteps) {
    this.#agentName = agentName;
    this.#pipeline = pipeline;
    this.#steps = steps;
  }

  get state(): AgentState {
    return this.#state;
  }

  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  get host(): AgentHost | undefined {
    return this.#host;
  }

  /** Resolves once it is ready, or has ended without ever having been. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  requireHost(): AgentHost {
    if (this.#host !== undefined) return this.#host;
    throw new TrunklineError(
      "TL_AGENT_NOT_ADDED",
      `Agent "${this.#agentName}" does not belong to a runner yet. Add it with addAgent() first.`,
    );
  }

  async attach(host: AgentHost): Promise<void> {
    if (this.#host !== undefined || this.#state === "ended") {
      const what = this.#host === undefined ? "has ended" : "was already added to a runner";
      const message = `Agent "${this.#agentName}" ${what}. Build a new one to run it again.`;
      throw new TrunklineError("TL_AGENT_ADDED_TWICE", message);
    }
    this.#host = host;
    try {
      this.#attached = this.#steps.subscribe();
      await this.#attached;
    } catch (error) {
      this.#host = undefined;
      this.#attached = undefined;
      throw error;
    }
  }

  /** Does nothing for an agent that is not attached yet: whoever attaches it starts it. */
  async start(): Promise<void> {
    if (this.#attached === undefined) return;
    if (this.#state !== "created") return this.settled;
    this.#state = "starting";
    try {
      await this.#attached;
      const pipeline = this.#is("starting") ? await this.#steps.build() : undefined;
      await this.#pipeline.start(pipeline);
    } catch (cause) {
      if (this.#is("starting")) await this.#fail(cause);
      return;
    }
    if (!this.#is("starting")) return;
    this.#state = "ready";
    this.#startedAt = Date.now();
    this.#steps.becomeReady();
    this.#settled.resolve();
  }

  /** Ends once everything it was given is done. */
  async end(reason: string | undefined): Promise<void> {
    if (this.#state === "created") return this.stop(reason);
    if (this.#state === "starting") await this.#settled.promise;
    if (!this.#is("ready")) return;
    this.#state = "ending";
    await this.#inTime(this.#finish(reason));
    await this.stop(reason);
  }

  /** Ends now. */
  async stop(reason: string | undefined): Promise<void> {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#settled.resolve();
    const halted = this.#attempt(() => this.#steps.halt(reason));
    await this.#attempt(() => this.#pipeline.cancel(reason));
    await halted;
    await this.#attempt(() => this.#steps.release(reason));
    this.#host?.agentEnded(this.#agentName, reason);
    this.#ended.resolve();
  }

  async #finish(reason: string | undefined): Promise<void> {
    await this.#attempt(() => this.#steps.finishWork(reason));
    await this.#attempt(() => this.#pipeline.end(reason));
  }

  /** Resolves once the work is done, or an end at once has overtaken it, or the time for it is over. */
  async #inTime(work: Promise<void>): Promise<void> {
    const { endTimeoutMs, ending } = this.requireHost();
    const over = Promise.race([work, this.ended]);
    if ((await within(over, endTimeoutMs)) === "done") return;
    // A runner that ends has a deadline of its own, and names everybody who is late at once.
    if (ending()) return over;
    const message = `Agent "${this.#agentName}" had not ended after ${endTimeoutMs} ms, and was cut off.`;
    this.#steps.failed(new AgentError("TL_SHUTDOWN_LATE", this.#agentName, message));
  }

  // One step that fails must not keep the next from being taken: an agent that has begun to end does end.
  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#steps.failed(AgentError.from(error, this.#agentName));
    }
  }

  // A state can change at every await; a plain comparison would be narrowed away by the compiler.
  #is(state: AgentState): boolean {
    return this.#state === state;
  }

  async #fail(cause: unknown): Promise<void> {
    const message = `Agent "${this.#agentName}" could not start`;
    const detail = cause instanceof Error ? `: ${cause.message}` : ".";
    this.#steps.failed(new AgentError("TL_AGENT_FAILED_TO_START", this.#agentName, message + detail, { cause }));
    await this.stop(message);
  }
}
