import { TrunklineError } from "../errors.ts";
import {
  CancelFrame,
  EndFrame,
  type Frame,
  type FrameDirection,
  FunctionCallResultFrame,
  InterruptionFrame,
  LLMConfigureOutputFrame,
  type LLMContext,
  LLMContextFrame,
  type LLMContextMessage,
  LLMUpdateSettingsFrame,
  StopFrame,
  type ToolSchema,
} from "../frames/index.ts";
import { FlushFrame, FrameProcessor } from "../pipeline/index.ts";
import { deferred, done, linkAbort, unlessAborted, within } from "../util/index.ts";
import { tokenUsage } from "./answer-usage.ts";
import { type AnswerMeter, answerMessages, type Completion, complete } from "./completion.ts";
import type { LLMServiceOptions } from "./llm-service-options.ts";
import type { AnswerRequest, PromptToolChoice } from "./model.ts";
import { toPrompt } from "./prompt.ts";
import { checkMaxRetries } from "./retry.ts";
import { SaidOnce, sentences } from "./said-once.ts";
import { checkedSettings, readSettings, type ServiceSettings } from "./service-settings.ts";
import type { Tool } from "./tool.ts";
import { promptToolChoice } from "./tool-choice.ts";
import { addToolResult } from "./tool-result.ts";
import { ToolRunner } from "./tool-runner.ts";
import { resultText, toolSchemas } from "./tool-schemas.ts";

/**
 * Has a language model answer the conversations that come by, from either direction, and runs the tools it calls.
 * Answers always go downstream.
 *
 * 1. One answer at a time, made from the conversation as it was when the answer began.
 * 2. Every answer that has begun ends with `LLMFullResponseEndFrame`: also an interrupted one, after the interruption,
 *    and one whose model failed.
 * 3. Tools run beside the pipeline; an `EndFrame` waits for them, a cancel does not.
 * 4. After {@link lastWords} nothing is answered any more until {@link reopen}.
 * 5. `LLMUpdateSettingsFrame` and `LLMConfigureOutputFrame` hold from the next answer on, and go no further.
 */
export class LLMService extends FrameProcessor {
  readonly #options: LLMServiceOptions;
  readonly #runner = new ToolRunner({
    push: (frame) => this.#pushResult(frame),
    report: (error) => this.pushError(error),
  });
  readonly #over = new AbortController();
  #abandon = new AbortController();
  #interruption = deferred();
  #tools: Readonly<Record<string, Tool>> | undefined;
  #turn: Promise<void> = done;
  #lastWords: Promise<void> | undefined;
  #conversation: LLMContextMessage[] = [];
  #contextTools: readonly ToolSchema[] = [];
  readonly #said = new SaidOnce();
  #settings: ServiceSettings;
  #skipTts: boolean | undefined;
  #mayAnswer = () => true;

  /** @throws TrunklineError `TL_INVALID_OPTION` when a setting cannot be what it is */
  constructor(options: LLMServiceOptions) {
    super(options.name === undefined ? {} : { name: options.name });
    this.#options = options;
    this.#settings = checkedSettings(options);
    checkMaxRetries(options.maxRetries);
  }

  /** Adds tools, by name. As soon as there are any, the model is offered these and not those of the conversation. */
  registerTools(tools: Readonly<Record<string, Tool>>): void {
    if (Object.keys(tools).length > 0) this.#tools = { ...this.#tools, ...tools };
  }

  /** From the next answer on the model is offered these tools alone, also if there are none. */
  replaceTools(tools: Readonly<Record<string, Tool>>): void {
    this.#tools = { ...tools };
  }

  /** @internal Drops a question that comes to the model while this is false. */
  answerWhile(mayAnswer: () => boolean): void {
    this.#mayAnswer = mayAnswer;
  }

  /** The conversation as the model last saw it, with what it answered and what its tools returned. */
  get conversation(): readonly LLMContextMessage[] {
    return [...this.#conversation];
  }

  /** True from the moment a tool is called until its result has been pushed. */
  get toolCallActive(): boolean {
    return this.#runner.active;
  }

  /** Resolves once no tool call is active. */
  get toolsIdle(): Promise<void> {
    return this.#runner.idle;
  }

  override async process(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof LLMContextFrame) return this.#answer(frame.context);
    if (frame instanceof InterruptionFrame) return this.#interrupt(frame, direction);
    if (frame instanceof LLMUpdateSettingsFrame) return this.#changeSettings(frame);
    if (frame instanceof LLMConfigureOutputFrame) {
      this.#skipTts = frame.skipTts;
      return;
    }
    if (frame instanceof EndFrame || frame instanceof StopFrame) {
      await this.#turn;
      await this.#runner.idle;
    }
    if (frame instanceof CancelFrame) await this.#end();
    await this.push(frame, direction);
  }

  override async cleanup(): Promise<void> {
    await this.#end();
  }

  /**
   * Closes the conversation from this side: the model answers the conversation it has last seen, with `messages`
   * behind it, once more and without tools, and nothing after that; it does not answer the results of the tools that
   * run now, or that the answer in progress calls. Resolves once the words have left the pipeline. A second call waits
   * for the first and says nothing.
   */
  lastWords(messages: readonly LLMContextMessage[] = []): Promise<void> {
    this.#runner.silence();
    this.#lastWords ??= this.#sayLastWords(messages);
    return this.#lastWords;
  }

  /** The model will not answer the results of the tools that run now. */
  silenceToolCalls(): void {
    this.#runner.silence();
  }

  /** Gives the tools that run empty results now, which the model will not answer; resolves once they are pushed. */
  settleToolCalls(): Promise<void> {
    return this.#runner.settle();
  }

  /** Answers again after {@link lastWords}. */
  reopen(): void {
    this.#lastWords = undefined;
  }

  /** Cancels the answer in progress; the model will not answer the results of the tools that run. */
  abandon(): void {
    this.#runner.silence();
    this.#abandon.abort();
    this.#abandon = new AbortController();
  }

  async #answer(context: LLMContext): Promise<void> {
    const { signal } = this;
    let tools = this.#tools;
    let { silences } = this.#runner;
    const { calls } = await this.#takeTurn(async () => {
      if (this.#lastWords !== undefined || signal.aborted || !this.#mayAnswer()) return nothing;
      tools = this.#tools;
      silences = this.#runner.silences;
      this.#conversation = [...context.messages];
      this.#contextTools = context.tools ?? [];
      return this.#complete(signal, promptToolChoice(context.toolChoice));
    });
    // Not awaited: results may be long in coming, and the user may speak meanwhile. The end waits for them.
    if (calls.length > 0) void this.#runner.run(calls, tools ?? {}, silences);
    // An interruption between the answer and its tools has not met them.
    if (signal.aborted) await this.#runner.interrupt();
  }

  async #sayLastWords(messages: readonly LLMContextMessage[]): Promise<void> {
    const { signal } = this;
    await this.#takeTurn(async () => {
      if (messages.length === 0 || signal.aborted) return nothing;
      this.#conversation.push(...messages);
      return this.#complete(signal, { type: "none" });
    });
    await this.#flush();
  }

  async #complete(signal: AbortSignal, toolChoice: PromptToolChoice | undefined): Promise<Completion> {
    const interruption = this.#interruption.promise;
    const link = linkAbort(signal, this.#abandon.signal);
    try {
      const completion = await complete({
        model: this.#options.model,
        request: await this.#request(link.signal, toolChoice),
        mayCallTools: toolChoice?.type !== "none",
        skipTts: this.#skipTts,
        meter: this.#meter(),
        push: (frame) => this.push(frame),
        report: (error) => this.pushError(error),
        warn: (warnings) => this.#reportOnce("TL_MODEL_WARNING", warnings),
        afterAbort: () => (signal.aborted ? unlessAborted(interruption, this.#over.signal, () => {}) : done),
      });
      this.#conversation.push(...answerMessages(completion));
      return completion;
    } finally {
      link[Symbol.dispose]();
    }
  }

  async #request(signal: AbortSignal, toolChoice: PromptToolChoice | undefined): Promise<AnswerRequest> {
    const { model, developerMessages, maxRetries, retryClock } = this.#options;
    const { systemInstruction, ...settings } = this.#settings;
    const options = { provider: model.provider, systemInstruction, developerMessages };
    const { prompt, problems } = toPrompt(this.#conversation, options);
    await this.#reportOnce("TL_CONTEXT_INVALID", problems);
    const tools = this.#tools === undefined ? this.#contextTools : toolSchemas(this.#tools);
    return { prompt, tools, toolChoice, settings, signal, retry: { maxRetries, clock: retryClock } };
  }

  #meter(): AnswerMeter {
    const { modelId } = this.#options.model;
    return {
      startTTFB: () => this.startTTFB(modelId),
      startProcessing: () => this.startProcessing(modelId),
      used: (tokens) => {
        const usage = tokenUsage(tokens);
        if (usage === undefined) return done;
        return this.pushMetrics([{ type: "llmUsage", processor: this.name, model: modelId, usage }]);
      },
    };
  }

  #changeSettings(frame: LLMUpdateSettingsFrame): Promise<void> {
    const { settings, problems } = readSettings(frame);
    if (settings !== undefined) this.#settings = { ...this.#settings, ...settings };
    const refusal = `Nothing of the settings was changed. ${sentences(problems)}`;
    return settings === undefined ? this.pushError(new TrunklineError("TL_INVALID_OPTION", refusal)) : done;
  }

  async #takeTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const finished = deferred();
    this.#turn = finished.promise;
    await before;
    try {
      return await work();
    } finally {
      finished.resolve();
    }
  }

  async #interrupt(frame: InterruptionFrame, direction: FrameDirection): Promise<void> {
    const interruption = this.#interruption;
    this.#interruption = deferred();
    await this.push(frame, direction);
    interruption.resolve();
    await this.#runner.interrupt();
  }

  async #end(): Promise<void> {
    this.#over.abort();
    await this.#runner.end();
  }

  async #flush(): Promise<void> {
    const flush = new FlushFrame();
    await this.push(flush);
    await within(flush.left, flushGraceMs, this.#over.signal);
  }

  #pushResult(frame: Frame): Promise<void> {
    if (frame instanceof FunctionCallResultFrame) {
      const { toolCallId, result } = frame;
      addToolResult(this.#conversation, toolCallId, resultText(result));
    }
    return this.push(frame);
  }

  // A conversation keeps what cannot be used, so the same would be said again with every answer.
  async #reportOnce(code: "TL_CONTEXT_INVALID" | "TL_MODEL_WARNING", problems: readonly string[]): Promise<void> {
    const fresh = this.#said.fresh(problems);
    if (fresh.length > 0) await this.pushError(new TrunklineError(code, sentences(fresh)));
  }
}

// A processor that keeps what it does not know must not keep the end from coming.
const flushGraceMs = 5_000;

const nothing: Completion = { text: "", calls: [] };
