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
  BusFrameMessage,
  type BusMessage,
} from "../bus/index.ts";
import { messageOf, TrunklineError } from "../errors.ts";
import { type ErrorFrame, type FrameClass, TTSSpeakFrame } from "../frames/index.ts";
import type { Pipeline, PipelineTaskOptions } from "../pipeline/index.ts";
import type { AgentGoneData, AgentReadyData, AgentRegistry } from "../registry/index.ts";
import { type TaskCounters, type TaskHandlers, type TaskRequest, TaskRequester, TaskWorker } from "../tasks/index.ts";
import { within } from "../util/index.ts";
import { BusTTSSpeakMessage } from "../wire/index.ts";
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
  readonly pipeline: PipelineTaskOptions | undefined;
}

// Long enough for a last message and for a socket to close; a hook that hangs must not hold up the end.
const hooksGraceMs = 500;
const finishedGraceMs = 1_000;
const lastAnswerGraceMs = 1_000;
const cleanupGraceMs = 5_000;

/** The parts of one agent and how they work together; the agent itself is a face over them. */
export class AgentCore<Child extends ChildAgent> {
  readonly activation: Activation;
  readonly children: Children<Child>;
  readonly hooks = new HookQueue({
    onError: (error) => this.report(error),
    onFull: (about) => this.report(this.#toldTooMuch(about)),
  });
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
    const { hooks } = this;
    this.children = new Children(bus, name);
    this.activation = new Activation({
      active,
      onActivated: (args) => hooks.notify("its activation", args, () => face.onActivated(args)),
      onDeactivated: () => hooks.notify("its activation", undefined, () => face.onDeactivated()),
    });
    this.pipeline = new AgentPipeline({
      ...options,
      agentName: name,
      observers: () => this.lifecycle.host?.observersOf(name) ?? [],
      isActive: () => this.activation.active,
      onError: (frame) => this.#pipelineFailed(frame),
      // Where nobody is left to talk to, the other agents have nothing to wait for either.
      onIdleEnd: () => {
        this.ask(new BusCancelMessage({ source: name, reason: "idle" })).catch((error: unknown) => this.report(error));
      },
      onFinished: ({ cancelled, reason }) =>
        void (cancelled ? this.lifecycle.stop(reason) : this.lifecycle.end(reason)),
    });
    this.lifecycle = new Lifecycle(name, this.pipeline, {
      subscribe: () => this.#subscribe(),
      build: async () => face.buildPipeline(),
      becomeReady: () => this.#becomeReady(),
      halt: (reason) => this.#halt(reason),
      finishWork: (reason) => this.#finishWork(reason),
      release: () => this.#release(),
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
      onReady: (data) => hooks.notify(`agent "${data.agentName}"`, data, () => face.onAgentReady(data)),
      onGone: (data) => hooks.notify(`agent "${data.agentName}"`, data, () => face.onAgentGone(data)),
      onAnyGone: (data) => void this.#agentGone(data),
    });
  }

  get registry(): AgentRegistry {
    return this.lifecycle.requireHost().registry;
  }

  get taskCounters(): TaskCounters {
    const { refused, cancelsDropped, ignored } = this.worker;
    const { eventsLost } = this.requester;
    return { refused, cancelsDropped, eventsLost, ignored: ignored + this.requester.ignored };
  }

  /** Does what a message asks for. */
  handle(message: BusMessage): void | Promise<void> {
    if (message instanceof BusFrameMessage) return this.pipeline.enter(message);
    if (this.requester.handle(message) || this.worker.handle(message)) return;
    if (message instanceof BusAgentErrorMessage || message instanceof BusAgentLocalErrorMessage) {
      const { source: agentName, error } = message;
      const tell = () => this.#face.onAgentError({ agentName, error });
      if (agentName !== this.#name) this.hooks.notify(`errors of agent "${agentName}"`, error, tell);
      return;
    }
    // Broadcasts that would change one agent are meant for nobody.
    if (message.target !== this.#name) return;
    if (message instanceof BusTTSSpeakMessage) return this.#speak(message);
    if (message instanceof BusActivateAgentMessage) this.activation.activate(message.args);
    else if (message instanceof BusDeactivateAgentMessage) this.activation.deactivate();
    else if (message instanceof BusEndAgentMessage) void this.lifecycle.end(message.reason);
    else if (message instanceof BusCancelAgentMessage) void this.lifecycle.stop(message.reason);
  }

  /** Takes a child, for as long as it lives. */
  async adopt(child: Child): Promise<void> {
    if (this.lifecycle.host !== undefined) this.#watch(child);
    await this.children.add(child);
  }

  #speak({ text, appendToContext }: BusTTSSpeakMessage): Promise<void> {
    return this.pipeline.queueFrame(new TTSSpeakFrame({ text, appendToContext }), "downstream");
  }

  /** Asks the runner for the end. When there is no bus any more, the end has come already. */
  async ask(message: BusMessage): Promise<void> {
    try {
      await this.#bus.send(message);
    } catch (error) {
      if (!(error instanceof TrunklineError && error.code === "TL_BUS_STOPPED")) throw error;
    }
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
    for (const child of this.children.list) this.#watch(child);
    await this.children.announce();
  }

  #watch(child: Child): void {
    const end = this.watching.watch(this.registry, child.name);
    void child.wait().then(end);
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

  async #halt(reason = "agent ended"): Promise<void> {
    this.requester.stop(reason);
    await Promise.all([this.worker.stop(reason), this.children.cancel(reason)]);
  }

  async #release(): Promise<void> {
    await this.#within(cleanupGraceMs, () => this.#face.onCleanup());
    await this.#bus.unsubscribe(this.#mailbox);
    this.watching.end();
    if (this.lifecycle.startedAt === undefined) return;
    await within(
      this.hooks.run(() => {}),
      hooksGraceMs,
    );
    await this.#within(finishedGraceMs, () => this.#face.onFinished());
  }

  // Beside the queue: a hook that hangs must not keep anything from being released, or anybody from hearing of it.
  async #within(graceMs: number, hook: () => void | Promise<void>): Promise<void> {
    try {
      if ((await within(Promise.resolve(hook()), graceMs)) === "done") return;
      const message = `Agent "${this.#name}" took more than ${graceMs} ms to clean up, and was cut off.`;
      this.report(new AgentError("TL_SHUTDOWN_LATE", this.#name, message));
    } catch (error) {
      this.report(error);
    }
  }

  /** What it still said is heard first: its last answer says more than that it is gone. */
  async #agentGone({ agentName, reason }: AgentGoneData): Promise<void> {
    // Another of that name may come while its last answers are waited for.
    const { registry } = this;
    const failRequests = this.requester.agentsLeaving([agentName]);
    const abandonTasks = this.worker.requestersLeaving([agentName]);
    await within(this.#bus.idle(this.#mailbox), lastAnswerGraceMs);
    failRequests(reason ?? "agent gone");
    if (registry.has(agentName)) abandonTasks();
    else this.worker.requesterGone([agentName]);
  }

  #pipelineFailed(frame: ErrorFrame): void {
    const error = new AgentError("TL_PROCESSOR_FAILED", this.#name, frame.error, { cause: frame.cause });
    this.hooks.notify("errors of its pipeline", frame.error, () => this.#face.onError(error));
    this.#failed(error);
  }

  #toldTooMuch(about: string): AgentError {
    const message = `Agent "${this.#name}" has a hook that has not ended, and too much about ${about} waits for it: the oldest of it is let go, and its hooks are not called. Let hooks end sooner.`;
    return new AgentError("TL_QUEUE_FULL", this.#name, message);
  }

  #failed(error: AgentError): void {
    this.report(error);
    if (this.parent !== undefined) this.tell(error).catch((cause: unknown) => this.report(cause));
  }
}
