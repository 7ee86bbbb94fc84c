import type { AgentEvents } from "../agents/index.ts";
import { TrunklineError } from "../errors.ts";
import { InterruptionFrame, LLMContext, type LLMContextMessage, LLMMessagesAppendFrame } from "../frames/index.ts";
import { Pipeline } from "../pipeline/index.ts";
import { done, type LinkedAbort, linkAbort, orAborted, unlessAborted } from "../util/index.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { aggregatorsWith, type ContextAggregators } from "./context-aggregators.ts";
import type { ContextLimit } from "./context-limit.ts";
import { ConversationTurn } from "./conversation-turn.ts";
import { LLMAgent, type LLMAgentOptions } from "./llm-agent.ts";
import type { LLMService } from "./llm-service.ts";

export interface LLMContextAgentOptions extends LLMAgentOptions {
  /** Whether it is active once it is ready. Default true, and false for a bridged one. */
  readonly active?: boolean | undefined;
  /** As for any agent. Default false: it answers by itself. */
  readonly bridged?: boolean | readonly string[] | undefined;
  /** Its conversation. Default: a new one, empty. */
  readonly context?: LLMContext | undefined;
  /** How long the conversation may grow, and what is done then. Default: it grows. */
  readonly contextLimit?: ContextLimit | undefined;
}

/** How one question is answered. */
export interface AnswerOptions {
  /** Its abort breaks the answer off, and the tools that run for it. Default: nothing does. */
  readonly signal?: AbortSignal | undefined;
  /** Given the text as it comes, also what the model says before it calls tools. Default: nobody listens. */
  readonly onText?: ((text: string) => void) | undefined;
}

/** An interruption that ends at the lower end of the pipeline: nobody behind a bridge has to do with it. */
class AnswerAbandonedFrame extends InterruptionFrame {}

/**
 * An LLM agent with a conversation of its own, for work that it does by itself: `answer()` asks it something.
 *
 * 1. Its pipeline is user aggregator, model, assistant aggregator.
 * 2. Questions are answered one after the other, in order, and none while another answer is given.
 *
 * @typeParam Events - the events of a subclass that has more than those of every agent
 */
export abstract class LLMContextAgent<Events extends AgentEvents = AgentEvents> extends LLMAgent<Events> {
  /** Its conversation. */
  readonly context: LLMContext;
  /** What keeps the conversation; listen to their events. */
  readonly aggregators: ContextAggregators;
  readonly #turn = new ConversationTurn();
  readonly #watch: AnswerWatch;
  #llm: LLMService | undefined;
  #last: Promise<void> = done;
  #answering = false;

  /** @throws TrunklineError `TL_INVALID_OPTION` for a limit that is none */
  constructor(name: string, options: LLMContextAgentOptions) {
    const { bridged = false, active = bridged === false, excludeFrames = [], pipeline } = options;
    const watch = new AnswerWatch();
    super(name, {
      ...options,
      bridged,
      active,
      excludeFrames: [...excludeFrames, AnswerAbandonedFrame],
      pipeline: { ...pipeline, observers: [...(pipeline?.observers ?? []), watch] },
    });
    this.#watch = watch;
    this.context = options.context ?? new LLMContext();
    this.aggregators = aggregatorsWith(this.context, this.#turn, { limit: options.contextLimit });
  }

  /** The model between its aggregators. An override that needs more puts these into its own pipeline. */
  override buildPipeline(): Pipeline | Promise<Pipeline> {
    const { user, assistant } = this.aggregators;
    return new Pipeline([user, this.createLLM(), assistant]);
  }

  protected override createLLM(): LLMService {
    this.#llm = super.createLLM();
    this.#watch.service = this.#llm;
    return this.#llm;
  }

  /**
   * Adds messages to the conversation, text as one of the user, has the model answer them, with tools, and resolves
   * with the text of the final answer. Tools must not await it: it waits until none runs.
   * @throws TrunklineError `TL_MODEL_FAILED` when the model fails, `TL_PIPELINE_ENDED` when the agent ends; the
   * signal's reason when it aborts, an `AbortError` when the pipeline is interrupted, and what `onText` throws
   */
  answer(messages: string | readonly LLMContextMessage[], options: AnswerOptions = {}): Promise<string> {
    const { signal, onText = () => {} } = options;
    const given = typeof messages === "string" ? [{ role: "user" as const, content: messages }] : [...messages];
    const stop = linkAbort(signal);
    const answered = this.#last.then(() => this.#answerNext(given, stop, onText)).finally(() => stop[Symbol.dispose]());
    this.#last = answered.then(
      () => {},
      () => {},
    );
    return orAborted(answered, stop.signal);
  }

  protected override get mayAnswer(): boolean {
    return this.#answering || super.mayAnswer;
  }

  protected override breakOff(): void {
    // Whoever asked for the answer hears it, active or not.
    if (!this.#answering) super.breakOff();
  }

  async #answerNext(
    messages: readonly LLMContextMessage[],
    stop: LinkedAbort,
    onText: (text: string) => void,
  ): Promise<string> {
    const { signal } = stop;
    signal.throwIfAborted();
    // Not only questions are answered: messages of an activation are, too.
    await this.#quiet();
    signal.throwIfAborted();
    this.#answering = true;
    this.#watch.begin((text) => tellText(text, onText, stop));
    try {
      await this.queueNow(new LLMMessagesAppendFrame({ messages, runLlm: true }));
      await orAborted(this.#quiet(), signal);
      return this.#watch.finish();
    } catch (error) {
      this.#watch.stop();
      if (signal.aborted) await this.#abandon();
      throw error;
    } finally {
      this.#answering = false;
    }
  }

  /** Resolves once nothing is being answered, no tool runs and nothing waits for an answer. */
  async #quiet(): Promise<void> {
    for (;;) {
      const { calls } = this.#watch;
      await this.#unlessOver(this.#llm?.toolsIdle);
      await this.#flushed();
      if (this.#turn.questionWaits) await this.#unlessOver(this.#turn.asked);
      else if (!this.#watch.askedSinceFlush && this.#watch.calls === calls) return;
    }
  }

  async #flushed(): Promise<void> {
    if (await this.#unlessOver(this.flush())) return;
    throw new TrunklineError("TL_PIPELINE_ENDED", `Agent "${this.name}" ended before it had answered.`);
  }

  async #unlessOver<T>(promise: Promise<T> | undefined): Promise<T | undefined> {
    return promise && unlessAborted(promise, this.#watch.over, () => undefined);
  }

  /** Breaks off what is asked, answered and done for it; everybody has heard of that when it resolves. */
  async #abandon(): Promise<void> {
    this.#turn.close();
    try {
      await this.queueNow(new AnswerAbandonedFrame());
      await this.#flushed();
      // The tools that an interruption does not end.
      await this.#unlessOver(this.#llm?.settleToolCalls());
      await this.#flushed();
    } catch {
      // The pipeline has ended, and the answer with it.
    } finally {
      this.#turn.open();
    }
  }
}

function tellText(text: string, onText: (text: string) => void, stop: LinkedAbort): void {
  if (stop.signal.aborted) return;
  try {
    onText(text);
  } catch (error) {
    stop.abort(error);
  }
}
