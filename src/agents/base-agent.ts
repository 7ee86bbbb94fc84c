import {
  type ActivationArgs,
  type AgentBus,
  BusActivateAgentMessage,
  BusCancelMessage,
  BusDeactivateAgentMessage,
  BusEndMessage,
  type BusMessage,
  type BusSubscriber,
} from "../bus/index.ts";
import { TrunklineError } from "../errors.ts";
import type { Frame, FrameClass, FrameDirection } from "../frames/index.ts";
import type { Pipeline, PipelineTaskOptions } from "../pipeline/index.ts";
import type { AgentReadyData, AgentRegistry } from "../registry/index.ts";
import type {
  SchemaOutput,
  TaskCounters,
  TaskGroupOptions,
  TaskGroupRun,
  TaskHandlers,
  TaskOptions,
  TaskRequest,
  TaskRequester,
  TaskRun,
  TaskSchema,
  TypedTaskGroupOptions,
  TypedTaskOptions,
} from "../tasks/index.ts";
import { AgentCore } from "./agent-core.ts";
import { AgentHooks } from "./agent-hooks.ts";
import type { ChildAgent } from "./children.ts";
import type { AgentEvents } from "./events.ts";
import { handOff } from "./handoff.ts";
import type { AgentHost } from "./host.ts";
import type { AgentState } from "./lifecycle.ts";

/** What every agent is built with. */
export interface BaseAgentOptions {
  readonly bus: AgentBus;
  /** Whether it is active once it is ready. Default: true, and false for a bridged agent. */
  readonly active?: boolean | undefined;
  /** `true`: exchanges frames with every bridge on the bus; a list: with the bridges of these names. Default: with none. */
  readonly bridged?: true | readonly string[] | undefined;
  /** Frames that never leave a bridged agent's pipeline. Default: none beside start, end, stop and cancel. */
  readonly excludeFrames?: readonly FrameClass[] | undefined;
  /** How its pipeline runs: observers, limits, an idle timeout. Default: the pipeline's own defaults. */
  readonly pipeline?: PipelineTaskOptions | undefined;
}

/**
 * An agent: something with a name that lives on a bus, hears messages, does tasks and may run a pipeline.
 *
 * 1. Messages that come before it is ready wait, in order; only a cancel does not.
 * 2. Hooks run one at a time and beside the messages: a hook may wait for what the bus brings.
 * 3. It ends once. A graceful end lets its children end first, then its pipeline; a cancel waits for nobody.
 * 4. However it ends, its tasks are answered, its watches end and its name is free again.
 *
 * @typeParam Events - the events of a subclass that has more than {@link AgentEvents}
 */
export class BaseAgent<Events extends AgentEvents = AgentEvents>
  extends AgentHooks<Events>
  implements BusSubscriber, ChildAgent
{
  readonly name: string;
  readonly bus: AgentBus;
  /** What it does for others, by task name; `default` takes the rest. */
  tasks: TaskHandlers = {};

  readonly #core: AgentCore<BaseAgent>;

  constructor(name: string, options: BaseAgentOptions) {
    super();
    const { bus, bridged, active = bridged === undefined, excludeFrames = [], pipeline } = options;
    this.name = name;
    this.bus = bus;
    const bridges = bridged === true ? [] : bridged;
    this.#core = new AgentCore(name, { bus, active, bridges, excludeFrames, pipeline }, this);
  }

  /** For the agent's parts: whether a task without a handler in `tasks` may still be answered. */
  get answersTasksByHand(): boolean {
    return this.onTaskRequest !== BaseAgent.prototype.onTaskRequest || this.has("taskRequest");
  }

  get state(): AgentState {
    return this.#core.lifecycle.state;
  }

  /** True from the moment it can receive until it begins to end. */
  get ready(): boolean {
    return this.state === "ready";
  }

  get active(): boolean {
    return this.#core.activation.active;
  }

  /** What it was activated with; undefined while it is inactive. */
  get activationArgs(): ActivationArgs | undefined {
    return this.#core.activation.args;
  }

  /** True when its pipeline exchanges frames with the bus. */
  get bridged(): boolean {
    return this.#core.pipeline.bridged;
  }

  /** Name of the agent that added it; undefined for one that was added to a runner. */
  get parent(): string | undefined {
    return this.#core.parent;
  }

  /** The agents it has added, in order, while they live. */
  get children(): readonly BaseAgent[] {
    return this.#core.children.list;
  }

  /** Milliseconds since 1970; undefined until it is ready. */
  get startedAt(): number | undefined {
    return this.#core.lifecycle.startedAt;
  }

  /** True once it belongs to a runner. */
  get added(): boolean {
    return this.#core.lifecycle.host !== undefined;
  }

  /**
   * The agents its runner knows.
   * @throws TrunklineError `TL_AGENT_NOT_ADDED` before it was added to a runner
   */
  get registry(): AgentRegistry {
    return this.#core.registry;
  }

  /** Requests it has not answered yet, by task id. */
  get activeTasks(): ReadonlyMap<string, TaskRequest> {
    return this.#core.worker.active;
  }

  /** What it has asked of others and not heard the end of, by task id. */
  get taskGroups(): TaskRequester["groups"] {
    return this.#core.requester.groups;
  }

  /** What its tasks have let go or passed over. */
  get taskCounters(): TaskCounters {
    return this.#core.taskCounters;
  }

  /** The processors it runs. Default: none. */
  buildPipeline(): Pipeline | undefined | Promise<Pipeline | undefined> {
    return undefined;
  }

  /** Every message that reaches it. Overrides call super first: it is what makes the agent act on messages. */
  onBusMessage(message: BusMessage): void | Promise<void> {
    return this.#core.handle(message);
  }

  /**
   * Adds a child: the runner starts it, and it ends with this agent. It is watched. Does nothing once this agent has
   * ended.
   * @throws TrunklineError `TL_AGENT_ADDED_TWICE` for an agent that belongs to a runner or to another agent already
   */
  async addAgent(child: BaseAgent): Promise<void> {
    if (child.added || child.parent !== undefined) {
      throw new TrunklineError(
        "TL_AGENT_ADDED_TWICE",
        `Agent "${child.name}" was already added somewhere. Build a new one to run it again.`,
      );
    }
    if (this.state === "ended") return;
    child.#core.parent = this.name;
    await this.#core.adopt(child);
  }

  /** Asks an agent to become active; one that is not ready yet becomes so when it is. */
  async activateAgent(agentName: string, options: { readonly args?: ActivationArgs | undefined } = {}): Promise<void> {
    await this.sendMessage(new BusActivateAgentMessage({ source: this.name, target: agentName, args: options.args }));
  }

  /** Deactivates another agent. One that nobody knows hears nothing of it. */
  async deactivateAgent(agentName: string): Promise<void> {
    await this.sendMessage(new BusDeactivateAgentMessage({ source: this.name, target: agentName }));
  }

  /**
   * Becomes inactive and activates another agent. It is inactive before anybody can see the other one active.
   * @throws TrunklineError `TL_AGENT_UNKNOWN` when nobody of that name is known; this agent then stays active. What the
   * bus throws when it refuses a message; this agent is then active again, or the error says that it is not
   */
  async handoffTo(
    agentName: string,
    options: { readonly activationArgs?: ActivationArgs | undefined } = {},
  ): Promise<void> {
    if (!this.registry.has(agentName)) {
      throw new TrunklineError(
        "TL_AGENT_UNKNOWN",
        `Agent "${this.name}" cannot hand off to "${agentName}": nobody of that name is known. Wait for it with watchAgent() first.`,
      );
    }
    const { activation } = this.#core;
    const send = (message: BusMessage) => this.sendMessage(message);
    await handOff({ from: this.name, activation, send }, agentName, options.activationArgs);
  }

  /**
   * Calls the handler, or `onAgentReady`, when the agent becomes ready, and at once if it is. The returned function
   * ends the watch.
   * @throws TrunklineError `TL_AGENT_NOT_ADDED` before this agent was added to a runner
   */
  async watchAgent(agentName: string, handler?: (data: AgentReadyData) => void | Promise<void>): Promise<() => void> {
    return this.#core.watching.watch(this.registry, agentName, handler);
  }

  /** Sends a message on its bus; see {@link AgentBus.send}. */
  sendMessage(message: BusMessage): Promise<void> {
    return this.bus.send(message);
  }

  /** Tells its parent, or everyone if it has none, that something failed. */
  async sendError(error: unknown): Promise<void> {
    await this.#core.tell(error);
  }

  /**
   * Puts a frame into its pipeline; before the start it waits.
   * @throws TrunklineError `TL_PIPELINE_ENDED` after the end, `TL_INVALID_OPTION` without a pipeline
   */
  queueFrame(frame: Frame, direction: FrameDirection = "downstream"): Promise<void> {
    return this.#core.pipeline.queueFrame(frame, direction);
  }

  /** As {@link queueFrame}, one after the other. */
  async queueFrames(frames: Iterable<Frame>, direction: FrameDirection = "downstream"): Promise<void> {
    for (const frame of frames) await this.queueFrame(frame, direction);
  }

  /** Asks another agent for work. With a `responseSchema` the response is checked, and its type is the schema's. */
  task<S extends TaskSchema>(agentName: string, options: TypedTaskOptions<S>): TaskRun<SchemaOutput<S>>;
  task<R = unknown>(agentName: string, options?: TaskOptions): TaskRun<R>;
  task<R>(agentName: string, options?: TaskOptions): TaskRun<R> {
    return this.#core.requester.task<R>(agentName, options);
  }

  /** Asks several agents for the same work at once. */
  taskGroup<S extends TaskSchema>(
    agentNames: readonly string[],
    options: TypedTaskGroupOptions<S>,
  ): TaskGroupRun<SchemaOutput<S>>;
  taskGroup<R = unknown>(agentNames: readonly string[], options?: TaskGroupOptions): TaskGroupRun<R>;
  taskGroup<R>(agentNames: readonly string[], options?: TaskGroupOptions): TaskGroupRun<R> {
    return this.#core.requester.taskGroup<R>(agentNames, options);
  }

  /** Asks the runner to end everything gracefully. Does nothing once it has ended. */
  async end(options: { readonly reason?: string | undefined } = {}): Promise<void> {
    await this.#core.ask(new BusEndMessage({ source: this.name, reason: options.reason }));
  }

  /** Asks the runner to stop everything now. Does nothing once it has ended. */
  async cancel(options: { readonly reason?: string | undefined } = {}): Promise<void> {
    await this.#core.ask(new BusCancelMessage({ source: this.name, reason: options.reason }));
  }

  /** Resolves once it has ended, in whatever way. */
  wait(): Promise<void> {
    return this.#core.lifecycle.ended;
  }

  /** For the runner that takes it: begins to receive. */
  attach(host: AgentHost): Promise<void> {
    return this.#core.lifecycle.attach(host);
  }

  /** For the runner that runs it: resolves once it is ready, or has failed to become so. */
  start(): Promise<void> {
    return this.#core.lifecycle.start();
  }

  /** For the runner, when a cancel message was not heeded: ends now. */
  stop(reason?: string): Promise<void> {
    return this.#core.lifecycle.stop(reason);
  }

  protected override runHook(hook: () => void | Promise<void>): Promise<void> {
    return this.#core.hooks.run(hook);
  }

  /** Hands an error to the runner's `error` event, with this agent's name. */
  protected override report(error: unknown): void {
    this.#core.report(error);
  }
}
