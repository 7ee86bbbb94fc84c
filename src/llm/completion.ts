import {
  type Frame,
  FunctionCallsStartedFrame,
  type LLMContextMessage,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
} from "../frames/index.ts";
import { streamAnswer } from "./answer-stream.ts";
import { AnswerThoughts } from "./answer-thoughts.ts";
import type { AnswerRequest, AnswerUsage, LanguageModel } from "./model.ts";
import { parseArguments } from "./tool-arguments.ts";
import type { PreparedCall } from "./tool-run.ts";

/** Who measures an answer. */
export interface AnswerMeter {
  /** Called when the model is asked; what it returns, at the first piece of the answer. */
  startTTFB(): () => Promise<void>;
  /** Called when the model is asked; what it returns, when the answer is over, in whatever way. */
  startProcessing(): () => Promise<void>;
  used(usage: AnswerUsage): Promise<void>;
}

export interface CompletionOptions {
  readonly model: LanguageModel;
  readonly request: AnswerRequest;
  /** False drops the calls that the model makes although it was told not to. */
  readonly mayCallTools: boolean;
  /** Marks the answer for text to speech. Undefined leaves it unmarked. */
  readonly skipTts: boolean | undefined;
  readonly meter: AnswerMeter;
  push(frame: Frame): Promise<void>;
  report(error: unknown): Promise<void>;
  /** Takes what the provider does not do as it was asked, a sentence each. */
  warn(warnings: readonly string[]): Promise<void>;
  /** Resolves once what aborted the request has been passed on, so that the end of the answer comes after it. */
  afterAbort(): Promise<void>;
}

/** What the model said and what it wants done; whatever was said before an abort or an error counts. */
export interface Completion {
  readonly text: string;
  readonly calls: readonly PreparedCall[];
}

/** Has one answer made and pushes it: start, thoughts, text, the tools it calls, end. The end comes in any case. */
export async function complete(options: CompletionOptions): Promise<Completion> {
  const { request, push, skipTts } = options;
  const answer = { text: "", calls: [] as PreparedCall[] };
  const thoughts = new AnswerThoughts(push);
  let whole = false;
  await push(new LLMFullResponseStartFrame({ skipTts }));
  try {
    await receive(options, answer, thoughts);
    whole = !request.signal.aborted;
  } catch (error) {
    if (!request.signal.aborted) await options.report(error);
  }
  if (request.signal.aborted) await options.afterAbort();
  await thoughts.end();
  const calls = whole ? answer.calls : [];
  if (calls.length > 0) await push(new FunctionCallsStartedFrame({ functionCalls: calls.map(announced) }));
  await push(new LLMFullResponseEndFrame({ skipTts }));
  return { text: answer.text, calls };
}

interface GrowingAnswer {
  text: string;
  readonly calls: PreparedCall[];
}

async function receive(options: CompletionOptions, answer: GrowingAnswer, thoughts: AnswerThoughts): Promise<void> {
  const { model, request, push, skipTts, meter } = options;
  const stopProcessing = meter.startProcessing();
  let stopTTFB: (() => Promise<void>) | undefined = meter.startTTFB();
  try {
    for await (const event of streamAnswer(model, request)) {
      if (event.type === "warnings") {
        await options.warn(event.warnings);
        continue;
      }
      if (event.type === "finish") {
        await meter.used(event.usage);
        continue;
      }
      if (stopTTFB !== undefined) await stopTTFB();
      stopTTFB = undefined;
      if (event.type === "text") {
        answer.text += event.text;
        await push(new LLMTextFrame({ text: event.text, skipTts }));
      } else if (event.type !== "toolCall") await thoughts.take(event);
      else if (options.mayCallTools) {
        const { functionName, toolCallId, argumentsText } = event;
        answer.calls.push({ functionName, toolCallId, ...parseArguments(argumentsText) });
      }
    }
  } finally {
    await stopProcessing();
  }
}

/** The answer as it stands in the conversation. */
export function answerMessages({ text, calls }: Completion): readonly LLMContextMessage[] {
  if (calls.length === 0) return text === "" ? [] : [{ role: "assistant", content: text }];
  const toolCalls = calls.map(({ toolCallId, functionName, arguments: args }) => ({
    id: toolCallId,
    type: "function" as const,
    function: { name: functionName, arguments: JSON.stringify(args) },
  }));
  return [{ role: "assistant", ...(text !== "" && { content: text }), tool_calls: toolCalls }];
}

function announced({ functionName, toolCallId, arguments: args }: PreparedCall) {
  return { functionName, toolCallId, arguments: args };
}
