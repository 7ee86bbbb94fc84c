import {
  type ActivationArgs,
  type AgentBus,
  BusActivateAgentMessage,
  BusAgentErrorMessage,
  BusAgentLocalErrorMessage,
  BusCancelAgentMessage,
  BusCancelMessage,
  BusDeactivateAgentMessage,
  BusEndAgentMessage,
  BusEndMessage,
  BusFrameMessage,
  type BusMessage,
  type BusSubscriber,
} from "../bus/index.ts";
import { messageOf, TrunklineError } from "../errors.ts";
import type { ErrorFrame, Frame, FrameClass, FrameDirection } from "../frames/index.ts";
import type { Pipeline } from "../pipeline/index.ts";
import type { AgentGoneData, AgentReadyData, AgentRegistry } from "../registry/index.ts";
import {
  type TaskGroupOptions,
  type TaskGroupRun,
  type TaskHandlers,
  type TaskOptions,
  type TaskRequest,
  TaskRequester,
  type TaskRun,
  TaskWorker,
} from "../tasks/index.ts";
import { within } from "../util/index.ts";
import { Activation } from "./activation.ts";
import { AgentError } from "./agent-error.ts";
import { AgentHooks } from "./agent-hooks.ts";
import { AgentPipeline } from "./agent-pipeline.ts";
import { type ChildAgent, Children } from "./children.ts";
import type { AgentEvents } from "./events.ts";
import type { AgentHost } from "./host.ts";
import { type AgentState, Lifecycle } from "./lifecycle.ts";
import { Mailbox } from "./mailbox.ts";
import { Watching } from "./watching.ts";

export interface BaseAgentOptions {
  readonly bus: AgentBus;
  /** Whether it is active once it is ready. Default: true, and false for a bridged agent. */
  readonly active?: boolean | undefined;
  /** `true`: exchanges frames with every bridge on the bus; a list: with the bridges of these names. Default: with none. */
  readonly bridged?: true | readonly string[] | undefined;
  /** Frames that never leave a bridged agent's pipeline. Default: none beside start, end, stop and cancel. */
  readonly excludeFrames?: readonly FrameClass[] | undefined;
}

// Long enough for a last message; a hook that hangs must not hold up the end.
const finishedGraceMs = 1_000;

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

  readonly #activation: Activation;
  readonly #children: Children<BaseAgent>;
  readonly #lifecycle: Lifecycle;
  readonly #mailbox: Mailbox;
  readonly #pipeline: AgentPipeline;
  readonly #requester: TaskRequester;
  readonly #watching: Watching;
  readonly #worker: TaskWorker;
  #parent: string | undefined;

  constructor(name: string, options: BaseAgentOptions) {
    super();
    const { bus, bridged, active = bridged === undefined } = options;
    this.name = name;
    this.bus = bus;
    this.#children = new Children(bus, name);
    this.#activation = new Activation({
      active,
      onActivated: (args) => this.runHook(() => this.onActivated(args)),
      onDeactivated: () => this.runHook(() => this.onDeactivated()),
    });
    this.#pipeline = new AgentPipeline({
      bus,
      agentName: name,
      bridges: bridged === true ? [] : bridged,
      excludeFrames: options.excludeFrames ?? [],
      isActive: () => this.#activation.active,
      onError: (frame) => this.#pipelineFailed(frame),
      onFinished: ({ cancelled, reason }) =>
        void (cancelled ? this.#lifecycle.stop(reason) : this.#lifecycle.end(reason)),
    });
    this.#lifecycle = new Lifecycle(name, this.#pipeline, {
      subscribe: () => this.#subscribe(),
      build: async () => this.buildPipeline(),
      becomeReady: () => this.#becomeReady(),
      finishWork: (reason) => this.#finishWork(reason),
      release: (reason) => this.#release(reason),
      failed: (error) => this.#failed(error),
    });
    this.#mailbox = new Mailbox(
      name,
      this.#lifecycle,
      (message) => this.onBusMessage(message),
      (error) => this.report(error),
    );
    const port = { name, send: (message: BusMessage) => bus.send(message), report: (e: unknown) => this.report(e) };
    this.#requester = new TaskRequester({
      port,
      whenReady: (agentName, signal) => this.#watching.whenReady(this.registry, agentName, signal),
    });
    this.#worker = new TaskWorker({
      port,
      handlers: () => this.tasks,
      onRequest: (task) => this.onTaskRequest(task),
      answersByHand: () => this.onTaskRequest !== BaseAgent.prototype.onTaskRequest || this.has("taskRequest"),
    });
    this.#watching = new Watching({
      onReady: (data) => this.runHook(() => this.onAgentReady(data)),
      onGone: (data) => this.runHook(() => this.onAgentGone(data)),
      onAnyGone: (data) => this.#agentGone(data),
    });
  }

  get state(): AgentState {
    return this.#lifecycle.state;
  }

  /** True from the moment it can receive until it begins to end. */
  get ready(): boolean {
    return this.state === "ready";
  }

  get active(): boolean {
    return this.#activation.active;
  }

  /** What it was activated with; undefined while it is inactive. */
  get activationArgs(): ActivationArgs | undefined {
    return this.#activation.args;
  }

  /** True when its pipeline exchanges frames with the bus. */
  get bridged(): boolean {
    return this.#pipeline.bridged;
  }

  /** Name of the agent that added it; undefined for one that was added to a runner. */
  get parent(): string | undefined {
    return this.#parent;
  }

  /** The agents it has added, in order, while they live. */
  get children(): readonly BaseAgent[] {
    return this.#children.list;
  }

  /** Milliseconds since 1970; undefined until it is ready. */
  get startedAt(): number | undefined {
    return this.#lifecycle.startedAt;
  }

  /** True once it belongs to a runner. */
  get added(): boolean {
    return this.#lifecycle.host !== undefined;
  }

  /**
   * The agents its runner knows.
   * @throws TrunklineError `TL_AGENT_NOT_ADDED` before it was added to a runner
   */
  get registry(): AgentRegistry {
    return this.#lifecycle.requireHost().registry;
  }

  /** Requests it has not answered yet, by task id. */
  get activeTasks(): ReadonlyMap<string, TaskRequest> {
    return this.#worker.active;
  }

  /** What it has asked of others and not heard the end of, by task id. */
  get taskGroups(): TaskRequester["groups"] {
    return this.#requester.groups;
  }

  /** The processors it runs. Default: none. */
  buildPipeline(): Pipeline | undefined | Promise<Pipeline | undefined> {
    return undefined;
  }

  /** Every message that reaches it. Overrides call super first: it is what makes the agent act on messages. */
  onBusMessage(message: BusMessage): void | Promise<void> {
    if (message instanceof BusFrameMessage) return this.#pipeline.enter(message);
    if (this.#worker.handle(message) || this.#requester.handle(message)) return;
    if (message instanceof BusAgentErrorMessage || message instanceof BusAgentLocalErrorMessage) {
      if (message.source !== this.name) this.#agentFailed(message);
      return;
    }
    // Broadcasts that would change one agent are meant for nobody.
    if (message.target !== this.name) return;
    if (message instanceof BusActivateAgentMessage) this.#activation.activate(message.args);
    else if (message instanceof BusDeactivateAgentMessage) this.#activation.deactivate();
    else if (message instanceof BusEndAgentMessage) void this.#lifecycle.end(message.reason);
    else if (message instanceof BusCancelAgentMessage) void this.#lifecycle.stop(message.reason);
  }

  /** Adds a child: the runner starts it, and it ends with this agent. It is watched. */
  async addAgent(child: BaseAgent): Promise<void> {
    child.#parent = this.name;
    if (this.added) this.#watching.watch(this.registry, child.name);
    await this.#children.add(child);
  }

  /** Asks an agent to become active; one that is not ready yet becomes so when it is. */
  async activateAgent(agentName: string, options: { readonly args?: ActivationArgs | undefined } = {}): Promise<void> {
    await this.sendMessage(new BusActivateAgentMessage({ source: this.name, target: agentName, args: options.args }));
  }

  async deactivateAgent(agentName: string): Promise<void> {
    await this.sendMessage(new BusDeactivateAgentMessage({ source: this.name, target: agentName }));
  }

  /**
   * Becomes inactive and activates another agent. It is inactive before anybody can see the other one active.
   * @throws TrunklineError `TL_AGENT_UNKNOWN` when nobody of that name is known; this agent then stays active
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
    this.#activation.withdraw();
    await this.deactivateAgent(this.name);
    await this.activateAgent(agentName, { args: options.activationArgs });
  }

  /**
   * Calls the handler, or `onAgentReady`, when the agent becomes ready, and at once if it is. The returned function
   * ends the watch.
   * @throws TrunklineError `TL_AGENT_NOT_ADDED` before this agent was added to a runner
   */
  async watchAgent(agentName: string, handler?: (data: AgentReadyData) => void | Promise<void>): Promise<() => void> {
    return this.#watching.watch(this.registry, agentName, handler);
  }

  sendMessage(message: BusMessage): Promise<void> {
    return this.bus.send(message);
  }

  /** Tells its parent, or everyone if it has none, that something failed. */
  async sendError(error: unknown): Promise<void> {
    const init = { source: this.name, target: this.#parent, error: messageOf(error) };
    await this.sendMessage(
      this.#parent === undefined ? new BusAgentErrorMessage(init) : new BusAgentLocalErrorMessage(init),
    );
  }

  /**
   * Puts a frame into its pipeline; before the start it waits.
   * @throws TrunklineError `TL_PIPELINE_ENDED` after the end, `TL_INVALID_OPTION` without a pipeline
   */
  queueFrame(frame: Frame, direction: FrameDirection = "downstream"): Promise<void> {
    return this.#pipeline.queueFrame(frame, direction);
  }

  async queueFrames(frames: Iterable<Frame>, direction: FrameDirection = "downstream"): Promise<void> {
    for (const frame of frames) await this.queueFrame(frame, direction);
  }

  /** Asks another agent for work. */
  task<R = unknown>(agentName: string, options?: TaskOptions): TaskRun<R> {
    return this.#requester.task<R>(agentName, options);
  }

  /** Asks several agents for the same work at once. */
  taskGroup(agentNames: readonly string[], options?: TaskGroupOptions): TaskGroupRun {
    return this.#requester.taskGroup(agentNames, options);
  }

  /** Asks the runner to end everything gracefully. */
  async end(options: { readonly reason?: string | undefined } = {}): Promise<void> {
    await this.sendMessage(new BusEndMessage({ source: this.name, reason: options.reason }));
  }

  /** Asks the runner to stop everything now. */
  async cancel(options: { readonly reason?: string | undefined } = {}): Promise<void> {
    await this.sendMessage(new BusCancelMessage({ source: this.name, reason: options.reason }));
  }

  /** Resolves once it has ended, in whatever way. */
  wait(): Promise<void> {
    return this.#lifecycle.ended;
  }

  /** For the runner that takes it: begins to receive. */
  attach(host: AgentHost): Promise<void> {
    return this.#lifecycle.attach(host);
  }

  /** For the runner that runs it: resolves once it is ready, or has failed to become so. */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  async #subscribe(): Promise<void> {
    await this.bus.subscribe(this.#mailbox);
    this.#watching.begin(this.registry);
    for (const child of this.#children.list) this.#watching.watch(this.registry, child.name);
    await this.#children.announce();
  }

  #becomeReady(): void {
    this.runHook(() => this.onReady());
    this.#lifecycle.requireHost().agentReady({
      agentName: this.name,
      runner: this.registry.runnerName,
      parent: this.#parent,
      active: this.active,
      bridged: this.bridged,
      startedAt: this.startedAt,
    });
    this.#activation.begin();
  }

  async #finishWork(reason: string | undefined): Promise<void> {
    await this.#children.end(reason);
    await this.runHook(() => this.onEnding(reason));
  }

  async #release(reason: string | undefined): Promise<void> {
    await this.#children.cancel(reason);
    this.#requester.stop(reason ?? "agent ended");
    await this.#worker.stop(reason ?? "agent ended");
    await this.guard(() => this.onCleanup());
    await this.bus.unsubscribe(this.#mailbox);
    this.#watching.end();
    if (this.startedAt !== undefined)
      await within(
        this.runHook(() => this.onFinished()),
        finishedGraceMs,
      );
  }

  #agentGone(data: AgentGoneData): void {
    this.#children.remove(data.agentName);
    this.#requester.agentsGone([data.agentName], data.reason ?? "agent gone");
    this.#worker.requesterGone([data.agentName]);
  }

  #agentFailed(message: BusAgentErrorMessage | BusAgentLocalErrorMessage): void {
    this.runHook(() => this.onAgentError({ agentName: message.source, error: message.error }));
  }

  #pipelineFailed(frame: ErrorFrame): void {
    const error = new AgentError("TL_PROCESSOR_FAILED", this.name, frame.error, { cause: frame.cause });
    this.runHook(() => this.onError(error));
    this.report(error);
    if (this.#parent !== undefined) this.#tellParent(error);
  }

  #failed(error: AgentError): void {
    this.report(error);
    if (this.#parent !== undefined) this.#tellParent(error);
  }

  #tellParent(error: AgentError): void {
    this.sendError(error).catch((cause: unknown) => this.report(cause));
  }

  /** Hands an error to the runner's `error` event, with this agent's name. */
  protected override report(error: unknown): void {
    const { host } = this.#lifecycle;
    if (host !== undefined) host.report(error, this.name);
    else console.error(AgentError.from(error, this.name));
  }
}
