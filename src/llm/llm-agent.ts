import { type AgentEvents, BaseAgent, type BaseAgentOptions } from "../agents/index.ts";
import type { ActivationArgs } from "../bus/index.ts";
import { TrunklineError } from "../errors.ts";
import {
  type Frame,
  type FrameDirection,
  type LLMContextMessage,
  LLMMessagesAppendFrame,
  LLMSetToolsFrame,
  SystemFrame,
} from "../frames/index.ts";
import { FlushFrame, Pipeline } from "../pipeline/index.ts";
import { done, linkAbort, unlessAborted, within } from "../util/index.ts";
import { readActivationArgs } from "./activation-args.ts";
import type { LLMService } from "./llm-service.ts";
import type { Tool } from "./tool.ts";
import { toolSchemas } from "./tool-schemas.ts";

/** What an LLM agent is built with. */
export interface LLMAgentOptions extends Omit<BaseAgentOptions, "bridged"> {
  /** Whether it is active once it is ready. Default false. */
  readonly active?: boolean | undefined;
  /** As for any agent; `false`: with no bridge, because it has a whole pipeline of its own. Default true. */
  readonly bridged?: boolean | readonly string[] | undefined;
}

/** How an LLM agent ends everything. */
export interface LLMEndOptions {
  readonly reason?: string | undefined;
  /** What the model is told, and answers, before the end. Default: nothing, it says no more. */
  readonly messages?: readonly LLMContextMessage[] | undefined;
}

/** How an LLM agent hands over. */
export interface LLMHandoffOptions {
  readonly activationArgs?: ActivationArgs | undefined;
  /** What the model is told, and answers, before the handoff. Default: nothing, it says no more. */
  readonly messages?: readonly LLMContextMessage[] | undefined;
}

// As long as in the service: a processor that keeps what it does not know must not keep the handoff from coming.
const flushGraceMs = 5_000;
const maxHeldFrames = 16_384;

/** A frame that was queued while a tool ran, and its way. */
export interface HeldFrame {
  readonly frame: Frame;
  readonly direction: FrameDirection;
}

/**
 * An agent that is a language model with tools, for conversations that come over a bridge. The conversation itself
 * belongs to the agent at the other end of the bridge.
 *
 * 1. Activation brings its tools, then the messages it is given, into the conversation.
 * 2. While a tool runs, queued frames are held, except system frames; they follow the result, in order.
 * 3. Before an end or a handoff it says its last words, once; nothing of it is heard after them, and the results of
 *    tools are not answered.
 * 4. While it is inactive its model is asked nothing that came over the bridge, also not what came before.
 *
 * @typeParam Events - the events of a subclass that has more than those of every agent
 */
export abstract class LLMAgent<Events extends AgentEvents = AgentEvents> extends BaseAgent<Events> {
  /** What the model can do, by the name it calls it by. Read once, when the pipeline is built. */
  tools: Readonly<Record<string, Tool>> = {};
  #llm: LLMService | undefined;
  #held: HeldFrame[] = [];
  #releasing: Promise<void> | undefined;
  #ending = false;
  readonly #over = new AbortController();

  constructor(name: string, options: LLMAgentOptions) {
    const { bridged = true, active = false } = options;
    super(name, { ...options, active, bridged: bridged === false ? undefined : bridged });
    void this.wait().then(() => this.#over.abort());
  }

  /** Builds the model's service. Its tools are registered afterwards; they need not be here. */
  abstract buildLLM(): LLMService;

  /** True while a tool runs. */
  get toolCallActive(): boolean {
    return this.#llm?.toolCallActive ?? false;
  }

  /** The model alone. An override that needs more around it puts {@link createLLM} into its own pipeline. */
  override buildPipeline(): Pipeline | Promise<Pipeline> {
    return new Pipeline([this.createLLM()]);
  }

  /** Builds the service of this agent and registers the tools with it. */
  protected createLLM(): LLMService {
    const llm = this.buildLLM();
    llm.registerTools(this.tools);
    llm.answerWhile(() => this.mayAnswer);
    this.#llm = llm;
    return llm;
  }

  /** False while another agent has the conversation: nobody would hear the answer, but its tools would be run. */
  protected get mayAnswer(): boolean {
    return this.active || !this.bridged;
  }

  /** Brings its tools, and the messages of its activation, into the conversation. */
  override async onActivated(args: ActivationArgs | undefined): Promise<void> {
    await super.onActivated(args);
    const { messages, runLlm, problems } = readActivationArgs(args);
    if (problems.length > 0) this.report(new TrunklineError("TL_INVALID_OPTION", problems.join(" ")));
    await this.enterConversation(messages, runLlm);
  }

  /** Brings its tools, then the messages of its activation, into the conversation. */
  protected async enterConversation(messages: readonly LLMContextMessage[], runLlm: boolean): Promise<void> {
    const tools = toolSchemas(this.tools);
    if (tools.length > 0) await this.queueFrame(new LLMSetToolsFrame({ tools }));
    if (messages.length > 0) await this.queueFrame(new LLMMessagesAppendFrame({ messages, runLlm }));
  }

  /** Breaks off the answer it is giving. */
  override async onDeactivated(): Promise<void> {
    await super.onDeactivated();
    this.breakOff();
  }

  /** Breaks off the answer in progress, which nobody would hear; results of tools still complete the conversation. */
  protected breakOff(): void {
    this.#llm?.abandon();
  }

  /**
   * Puts a frame into its pipeline; holds it while a tool runs.
   * @throws TrunklineError `TL_QUEUE_FULL` when 16,384 are held already, and what the pipeline throws
   */
  override async queueFrame(frame: Frame, direction: FrameDirection = "downstream"): Promise<void> {
    const wait = this.toolCallActive || this.#held.length > 0 || this.#releasing !== undefined;
    if (!wait || this.#ending || frame instanceof SystemFrame) return this.queueNow(frame, direction);
    if (this.#held.length >= maxHeldFrames) {
      const message = `${frame.name} was refused: agent "${this.name}" holds ${maxHeldFrames} frames while a tool runs. Give the tool a timeoutMs, or queue less.`;
      throw new TrunklineError("TL_QUEUE_FULL", message);
    }
    this.#held.push({ frame, direction });
    // Not awaited: a tool that queues a frame would wait for its own end.
    if (this.#held.length === 1 && this.#releasing === undefined) this.#releaseWhenIdle();
  }

  /**
   * Says its last words, if it is given something to answer, and asks the runner to end everything. In a tool or
   * outside; the tool's result is not answered.
   */
  override async end(options: LLMEndOptions = {}): Promise<void> {
    const { reason, messages } = options;
    this.#ending = true;
    await this.#release();
    await this.#llm?.lastWords(messages);
    await super.end({ reason });
  }

  /**
   * Says its last words, if it is given something to answer, becomes inactive and activates another agent. Tools that
   * run get an empty result now, which nobody answers; they may finish what they do.
   * @throws TrunklineError `TL_AGENT_UNKNOWN` when nobody of that name is known; nothing is said then
   */
  override async handoffTo(agentName: string, options: LLMHandoffOptions = {}): Promise<void> {
    const { activationArgs, messages } = options;
    const llm = this.registry.has(agentName) ? this.#llm : undefined;
    if (llm === undefined) return super.handoffTo(agentName, { activationArgs });
    try {
      await llm.lastWords(messages);
      await llm.settleToolCalls();
      await this.#release();
      await this.#flushInTime();
      await super.handoffTo(agentName, { activationArgs });
    } finally {
      if (!this.#ending) llm.reopen();
    }
  }

  /**
   * What becomes of the frames that were held, once the last tool has finished and before they are queued: override it
   * to change, reorder or drop them. What it throws is reported; the frames are then queued as they were.
   */
  protected releaseHeldFrames(held: readonly HeldFrame[]): readonly HeldFrame[] | Promise<readonly HeldFrame[]> {
    return held;
  }

  /** Queues a frame also while a tool runs. */
  protected queueNow(frame: Frame, direction: FrameDirection = "downstream"): Promise<void> {
    return super.queueFrame(frame, direction);
  }

  /**
   * Resolves to true once everything that was queued before has left the pipeline, to false when the agent ends first.
   * @throws TrunklineError `TL_PIPELINE_ENDED` after the end
   */
  protected flush(): Promise<boolean> {
    return this.#flushUntil(this.#over.signal);
  }

  async #flushUntil(signal: AbortSignal): Promise<boolean> {
    const flush = new FlushFrame();
    await this.queueNow(flush);
    return unlessAborted(
      flush.left.then(() => true),
      signal,
      () => false,
    );
  }

  async #flushInTime(): Promise<void> {
    const link = linkAbort(this.#over.signal);
    try {
      await within(this.#flushUntil(link.signal), flushGraceMs);
    } finally {
      // Nobody waits for a flush that is late, and the agent is to keep no trace of it.
      link.abort();
    }
  }

  /** Queues what is held; resolves once it is. */
  #release(): Promise<void> {
    if (this.#held.length > 0) this.#releasing ??= this.#releaseAll();
    return this.#releasing ?? done;
  }

  async #releaseAll(): Promise<void> {
    const processed = await this.#processed(this.#take());
    // Queued during the hook, which does not see them; by now they may be waiting for another tool.
    const later = this.toolCallActive && !this.#ending ? [] : this.#take();
    this.#releasing = undefined;
    if (this.#held.length > 0) this.#releaseWhenIdle();
    // All at once: a frame that is queued meanwhile must not get in between.
    const queued = [...processed, ...later].map(({ frame, direction }) => this.queueNow(frame, direction));
    await Promise.all(queued).catch((error: unknown) => this.report(error));
  }

  async #processed(held: readonly HeldFrame[]): Promise<readonly HeldFrame[]> {
    try {
      return await this.releaseHeldFrames(held);
    } catch (error) {
      this.report(error);
      return held;
    }
  }

  #releaseWhenIdle(): void {
    void this.#llm?.toolsIdle.then(() => this.#release());
  }

  #take(): readonly HeldFrame[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }
}
