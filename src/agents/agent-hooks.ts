import type { ActivationArgs } from "../bus/index.ts";
import type { AgentGoneData, AgentReadyData } from "../registry/index.ts";
import type { TaskRequest } from "../tasks/index.ts";
import { Emitter, type EventHandler } from "../util/index.ts";
import type { AgentErrorData, AgentEvents } from "./events.ts";

/**
 * What an agent can be told of: a hook to override, and the event of the same name, without `on`, to listen to.
 *
 * An override calls super first: that is what emits the event.
 */
export abstract class AgentHooks<Events extends AgentEvents> {
  readonly #events = new Emitter<Events>((error) => this.report(error));

  /**
   * Adds a handler; the returned function takes it away again. What it throws or rejects with is reported as an error.
   */
  on<E extends keyof Events>(event: E, handler: EventHandler<Events[E]>): () => void {
    return this.#events.on(event, handler);
  }

  /** As {@link on}, for the next event alone. */
  once<E extends keyof Events>(event: E, handler: EventHandler<Events[E]>): () => void {
    return this.#events.once(event, handler);
  }

  /** Takes a handler away. */
  off<E extends keyof Events>(event: E, handler: EventHandler<Events[E]>): void {
    this.#events.off(event, handler);
  }

  /** For subclasses with events of their own. Resolves once every handler has ended; their errors are reported. */
  protected emit<E extends keyof Events>(event: E, payload: Events[E]): Promise<void> {
    return this.#events.emit(event, payload);
  }

  /** True when somebody listens. */
  protected has(event: keyof Events): boolean {
    return this.#events.has(event);
  }

  /** Runs a hook after the ones before it. Resolves when it has ended; its error is reported. */
  protected abstract runHook(hook: () => void | Promise<void>): Promise<void>;

  /** Takes an error that nobody awaits. */
  protected abstract report(error: unknown): void;

  /** It can receive and send. */
  onReady(): void | Promise<void> {
    return this.#tell("ready", undefined);
  }

  /** It has ended and everything of its is released. */
  onFinished(): void | Promise<void> {
    return this.#tell("finished", undefined);
  }

  /** Its pipeline has reported an error. */
  onError(error: Error): void | Promise<void> {
    return this.#tell("error", error);
  }

  /** It is active from now on, with the arguments that whoever activated it gave. */
  onActivated(args: ActivationArgs | undefined): void | Promise<void> {
    return this.#tell("activated", args);
  }

  /** It is inactive from now on. */
  onDeactivated(): void | Promise<void> {
    return this.#tell("deactivated", undefined);
  }

  /** A child, or an agent it watches without a handler, has become ready. */
  onAgentReady(data: AgentReadyData): void | Promise<void> {
    return this.#tell("agentReady", data);
  }

  /** A child, or an agent it watches, can no longer be reached. */
  onAgentGone(data: AgentGoneData): void | Promise<void> {
    return this.#tell("agentGone", data);
  }

  /** A child, or an agent elsewhere, has reported an error. */
  onAgentError(data: AgentErrorData): void | Promise<void> {
    return this.#tell("agentError", data);
  }

  /** Somebody asks for work. Called before the handler in `tasks`, if there is one. */
  onTaskRequest(task: TaskRequest): void | Promise<void> {
    return this.#tell("taskRequest", task);
  }

  /** A graceful end has begun: finish and flush what is in progress. The pipeline ends after this. */
  onEnding(_reason: string | undefined): void | Promise<void> {}

  /** The last call, however it ended: release what is held. */
  onCleanup(): void | Promise<void> {}

  #tell<E extends keyof AgentEvents>(event: E, payload: AgentEvents[E]): Promise<void> | undefined {
    return this.#events.has(event) ? this.#events.emit(event, payload as Events[E]) : undefined;
  }
}
