import { TrunklineError } from "../errors.ts";
import {
  CancelFrame,
  EndFrame,
  type Frame,
  type FrameDirection,
  FunctionCallResultFrame,
  InterruptionFrame,
  type LLMContext,
  LLMContextFrame,
  type LLMContextMessage,
  StopFrame,
  type ToolChoice,
  type ToolSchema,
} from "../frames/index.ts";
import { FlushFrame, FrameProcessor } from "../pipeline/index.ts";
import { deferred, done, linkAbort, within } from "../util/index.ts";
import { answerMessages, type Completion, complete } from "./completion.ts";
import { isRecord } from "./content.ts";
import type { AnswerRequest, LanguageModel, ModelSettings, PromptToolChoice } from "./model.ts";
import { toPrompt } from "./prompt.ts";
import type { Tool } from "./tool.ts";
import { ToolRunner } from "./tool-runner.ts";
import { resultText, toolSchemas } from "./tool-schemas.ts";

export interface LLMServiceOptions extends ModelSettings {
  /** Any model of the AI SDK's providers. */
  readonly model: LanguageModel;
  /** Stands before every conversation. Default: nothing does. */
  readonly systemInstruction?: string | undefined;
  /**
   * What `developer` messages, and `system` messages after the beginning, become. Default `"user"`: many providers
   * refuse a system message in the middle of a conversation, or a conversation without a user's message.
   */
  readonly developerMessages?: "user" | "system" | undefined;
  /** For logs and errors. Default: the class's name. */
  readonly name?: string | undefined;
}

/**
 * Has a language model answer the conversations that come by, from either direction, and runs the tools it calls.
 * Answers always go downstream.
 *
 * 1. One answer at a time, made from the conversation as it was when the answer began.
 * 2. Every answer that has begun ends with `LLMFullResponseEndFrame`: also an interrupted one, after the interruption,
 *    and one whose model failed.
 * 3. Tools run beside the pipeline; an `EndFrame` waits for them, a cancel does not.
 * 4. After {@link lastWords} nothing is answered any more until {@link reopen}.
 */
export class LLMService extends FrameProcessor {
  readonly #options: LLMServiceOptions;
  readonly #runner = new ToolRunner({
    push: (frame) => this.#pushResult(frame),
    report: (error) => this.pushError(error),
  });
  readonly #ended = deferred();
  #abandon = new AbortController();
  #interruption = deferred();
  #tools: Readonly<Record<string, Tool>> | undefined;
  #turn: Promise<void> = done;
  #lastWords: Promise<void> | undefined;
  #conversation: LLMContextMessage[] = [];
  #contextTools: readonly ToolSchema[] = [];
  #problemsReported = 0;

  constructor(options: LLMServiceOptions) {
    super(options.name === undefined ? {} : { name: options.name });
    this.#options = options;
  }

  /** Adds tools, by name. As soon as there are any, the model is offered these and not those of the conversation. */
  registerTools(tools: Readonly<Record<string, Tool>>): void {
    if (Object.keys(tools).length > 0) this.#tools = { ...this.#tools, ...tools };
  }

  /** From the next answer on the model is offered these tools alone, also if there are none. */
  replaceTools(tools: Readonly<Record<string, Tool>>): void {
    this.#tools = { ...tools };
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
   * run now. Resolves once the words have left the pipeline. A second call waits for the first and says nothing.
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
    const { calls } = await this.#takeTurn(async () => {
      if (this.#lastWords !== undefined || signal.aborted) return nothing;
      tools = this.#tools;
      this.#conversation = [...context.messages];
      this.#contextTools = context.tools ?? [];
      return this.#complete(signal, promptToolChoice(context.toolChoice));
    });
    // Not awaited: results may be long in coming, and the user may speak meanwhile. The end waits for them.
    if (calls.length > 0) void this.#runner.run(calls, tools ?? {});
    // An interruption between the answer and its tools has not met them.
    if (signal.aborted) await this.#runner.interrupt();
  }

  async #sayLastWords(messages: readonly LLMContextMessage[]): Promise<void> {
    const { signal } = this;
    await this.#takeTurn(async () => {
      if (messages.length === 0) return nothing;
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
        push: (frame) => this.push(frame),
        report: (error) => this.pushError(error),
        afterAbort: () => (signal.aborted ? Promise.race([interruption, this.#ended.promise]) : done),
      });
      this.#conversation.push(...answerMessages(completion));
      return completion;
    } finally {
      link[Symbol.dispose]();
    }
  }

  async #request(signal: AbortSignal, toolChoice: PromptToolChoice | undefined): Promise<AnswerRequest> {
    const { model, systemInstruction, developerMessages } = this.#options;
    const options = { provider: model.provider, systemInstruction, developerMessages };
    const { prompt, problems } = toPrompt(this.#conversation, options);
    await this.#reportProblems(problems);
    const tools = this.#tools === undefined ? this.#contextTools : toolSchemas(this.#tools);
    return { prompt, tools, toolChoice, settings: this.#options, signal };
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
    this.#ended.resolve();
    await this.#runner.end();
  }

  async #flush(): Promise<void> {
    const flush = new FlushFrame();
    await this.push(flush);
    await within(Promise.race([flush.left, this.#ended.promise]), flushGraceMs);
  }

  #pushResult(frame: Frame): Promise<void> {
    if (frame instanceof FunctionCallResultFrame) {
      const { toolCallId, result } = frame;
      this.#conversation.push({ role: "tool", tool_call_id: toolCallId, content: resultText(result) });
    }
    return this.push(frame);
  }

  // A conversation keeps what cannot be used, so the same would be said again with every answer.
  async #reportProblems(problems: readonly string[]): Promise<void> {
    const fresh = problems.length > this.#problemsReported;
    this.#problemsReported = problems.length;
    if (fresh) await this.pushError(new TrunklineError("TL_CONTEXT_INVALID", problems.join(" ")));
  }
}

// A processor that keeps what it does not know must not keep the end from coming.
const flushGraceMs = 5_000;

const nothing: Completion = { text: "", calls: [] };

/** From the form of OpenAI's chat API. What is not understood leaves the choice to the model. */
function promptToolChoice(choice: ToolChoice | undefined): PromptToolChoice | undefined {
  if (choice === "none" || choice === "auto" || choice === "required") return { type: choice };
  const named = isRecord(choice) && isRecord(choice.function) ? choice.function.name : undefined;
  return typeof named === "string" ? { type: "tool", toolName: named } : undefined;
}
