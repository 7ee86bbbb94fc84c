import {
  type ActivationArgs,
  type AgentBus,
  BusActivateAgentMessage,
  BusAgentErrorMessage,
  BusAgentLocalErrorMessage,
  BusCancelAgentMessage,
  BusDeactivateAgentMessage,
  BusEndAgentMessage,
  BusFrameMessage,
  type BusMessage,
} from "../bus/index.ts";
import { messageOf } from "../errors.ts";
import type { ErrorFrame, FrameClass } from "../frames/index.ts";
import type { Pipeline } from "../pipeline/index.ts";
import type { AgentGoneData, AgentReadyData, AgentRegistry } from "../registry/index.ts";
import { type TaskHandlers, type TaskRequest, TaskRequester, TaskWorker } from "../tasks/index.ts";
import { within } from "../util/index.ts";
import { Activation } from "./activation.ts";
import { AgentError } from "./agent-error.ts";
import { AgentPipeline } from "./agent-pipeline.ts";
import { type ChildAgent, Children } from "./children.ts";
import type { AgentErrorData } from "./events.ts";
import { HookQueue } from "./hook-queue.ts";
import { Lifecycle } from "./lifecycle.ts";
import { Mailbox } from "./mailbox.ts";
import { Watching } from "./watching.ts";

/** The agent as its own parts see it: what it is told, and what it has for them. */
export interface AgentFace {
  readonly tasks: TaskHandlers;
  /** True when a task that `tasks` has no handler for may still be answered. */
  readonly answersTasksByHand: boolean;
  onReady(): void | Promise<void>;
  onFinished(): void | Promise<void>;
  onError(error: Error): void | Promise<void>;
  onActivated(args: ActivationArgs | undefined): void | Promise<void>;
  onDeactivated(): void | Promise<void>;
  onAgentReady(data: AgentReadyData): void | Promise<void>;
  onAgentGone(data: AgentGoneData): void | Promise<void>;
  onAgentError(data: AgentErrorData): void | Promise<void>;
  onTaskRequest(task: TaskRequest): void | Promise<void>;
  onEnding(reason: string | undefined): void | Promise<void>;
  onCleanup(): void | Promise<void>;
  onBusMessage(message: BusMessage): void | Promise<void>;
  buildPipeline(): Pipeline | undefined | Promise<Pipeline | undefined>;
}

export interface AgentCoreOptions {
  readonly bus: AgentBus;
  readonly active: boolean;
  readonly bridges: readonly string[] | undefined;
  readonly excludeFrames: readonly FrameClass[];
}

// Long enough for a last message; a hook that hangs must not hold up the end.
const finishedGraceMs = 1_000;

/** The parts of one agent and how they work together; the agent itself is a face over them. */
export class AgentCore<Child extends ChildAgent> {
  readonly activation: Activation;
  readonly children: Children<Child>;
  readonly hooks = new HookQueue((error) => this.report(error));
  readonly lifecycle: Lifecycle;
  readonly pipeline: AgentPipeline;
  readonly requester: TaskRequester;
  readonly watching: Watching;
  readonly worker: TaskWorker;
  parent: string | undefined;
  readonly #name: string;
  readonly #bus: AgentBus;
  readonly #face: AgentFace;
  readonly #mailbox: Mailbox;

  constructor(name: string, options: AgentCoreOptions, face: AgentFace) {
    const { bus, active } = options;
    this.#name = name;
    this.#bus = bus;
    this.#face = face;
    const hook = (call: () => void | Promise<void>) => void this.hooks.run(call);
    this.children = new Children(bus, name);
    this.activation = new Activation({
      active,
      onActivated: (args) => hook(() => face.onActivated(args)),
      onDeactivated: () => hook(() => face.onDeactivated()),
    });
    this.pipeline = new AgentPipeline({
      ...options,
      agentName: name,
      isActive: () => this.activation.active,
      onError: (frame) => this.#pipelineFailed(frame),
      onFinished: ({ cancelled, reason }) =>
        void (cancelled ? this.lifecycle.stop(reason) : this.lifecycle.end(reason)),
    });
    this.lifecycle = new Lifecycle(name, this.pipeline, {
      subscribe: () => this.#subscribe(),
      build: async () => face.buildPipeline(),
      becomeReady: () => this.#becomeReady(),
      finishWork: (reason) => this.#finishWork(reason),
      release: (reason) => this.#release(reason),
      failed: (error) => this.#failed(error),
    });
    const report = (error: unknown) => this.report(error);
    this.#mailbox = new Mailbox(name, this.lifecycle, (message) => face.onBusMessage(message), report);
    const port = { name, send: (message: BusMessage) => bus.send(message), report };
    this.requester = new TaskRequester({
      port,
      whenReady: (agentName, signal) => this.watching.whenReady(this.registry, agentName, signal),
    });
    this.worker = new TaskWorker({
      port,
      handlers: () => face.tasks,
      onRequest: (task) => face.onTaskRequest(task),
      answersByHand: () => face.answersTasksByHand,
    });
    this.watching = new Watching({
      onReady: (data) => hook(() => face.onAgentReady(data)),
      onGone: (data) => hook(() => face.onAgentGone(data)),
      onAnyGone: (data) => this.#agentGone(data),
    });
  }

  get registry(): AgentRegistry {
    return this.lifecycle.requireHost().registry;
  }

  /** Does what a message asks for. */
  handle(message: BusMessage): void | Promise<void> {
    if (message instanceof BusFrameMessage) return this.pipeline.enter(message);
    if (this.worker.handle(message) || this.requester.handle(message)) return;
    if (message instanceof BusAgentErrorMessage || message instanceof BusAgentLocalErrorMessage) {
      const { source, error } = message;
      if (source !== this.#name) void this.hooks.run(() => this.#face.onAgentError({ agentName: source, error }));
      return;
    }
    // Broadcasts that would change one agent are meant for nobody.
    if (message.target !== this.#name) return;
    if (message instanceof BusActivateAgentMessage) this.activation.activate(message.args);
    else if (message instanceof BusDeactivateAgentMessage) this.activation.deactivate();
    else if (message instanceof BusEndAgentMessage) void this.lifecycle.end(message.reason);
    else if (message instanceof BusCancelAgentMessage) void this.lifecycle.stop(message.reason);
  }

  /** Tells its parent, or everyone if it has none, that something failed. */
  async tell(error: unknown): Promise<void> {
    const init = { source: this.#name, target: this.parent, error: messageOf(error) };
    await this.#bus.send(
      this.parent === undefined ? new BusAgentErrorMessage(init) : new BusAgentLocalErrorMessage(init),
    );
  }

  /** Hands an error to the runner's `error` event, with the agent's name. */
  report(error: unknown): void {
    const { host } = this.lifecycle;
    if (host !== undefined) host.report(error, this.#name);
    else console.error(AgentError.from(error, this.#name));
  }

  async #subscribe(): Promise<void> {
    await this.#bus.subscribe(this.#mailbox);
    this.watching.begin(this.registry);
    for (const child of this.children.list) this.watching.watch(this.registry, child.name);
    await this.children.announce();
  }

  #becomeReady(): void {
    void this.hooks.run(() => this.#face.onReady());
    this.lifecycle.requireHost().agentReady({
      agentName: this.#name,
      runner: this.registry.runnerName,
      parent: this.parent,
      active: this.activation.active,
      bridged: this.pipeline.bridged,
      startedAt: this.lifecycle.startedAt,
    });
    this.activation.begin();
  }

  async #finishWork(reason: string | undefined): Promise<void> {
    await this.children.end(reason);
    await this.hooks.run(() => this.#face.onEnding(reason));
  }

  async #release(reason: string | undefined): Promise<void> {
    await this.children.cancel(reason);
    this.requester.stop(reason ?? "agent ended");
    await this.worker.stop(reason ?? "agent ended");
    await this.#cleanUp();
    await this.#bus.unsubscribe(this.#mailbox);
    this.watching.end();
    if (this.lifecycle.startedAt === undefined) return;
    const finished = this.hooks.run(() => this.#face.onFinished());
    await within(finished, finishedGraceMs);
  }

  // Beside the queue: a hook that hangs must not keep anything from being released.
  async #cleanUp(): Promise<void> {
    try {
      await this.#face.onCleanup();
    } catch (error) {
      this.report(error);
    }
  }

  #agentGone({ agentName, reason }: AgentGoneData): void {
    this.children.remove(agentName);
    this.requester.agentsGone([agentName], reason ?? "agent gone");
    this.worker.requesterGone([agentName]);
  }

  #pipelineFailed(frame: ErrorFrame): void {
    const error = new AgentError("TL_PROCESSOR_FAILED", this.#name, frame.error, { cause: frame.cause });
    void this.hooks.run(() => this.#face.onError(error));
    this.#failed(error);
  }

  #failed(error: AgentError): void {
    this.report(error);
    if (this.parent !== undefined) this.tell(error).catch((cause: unknown) => this.report(cause));
  }
}
