import {
  type Frame,
  FunctionCallsStartedFrame,
  type LLMContextMessage,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
} from "../frames/index.ts";
import { type AnswerRequest, type LanguageModel, streamAnswer } from "./model.ts";
import { parseArguments } from "./tool-arguments.ts";
import type { PreparedCall } from "./tool-run.ts";

export interface CompletionOptions {
  readonly model: LanguageModel;
  readonly request: AnswerRequest;
  /** False drops the calls that the model makes although it was told not to. */
  readonly mayCallTools: boolean;
  push(frame: Frame): Promise<void>;
  report(error: unknown): Promise<void>;
  /** Resolves once what aborted the request has been passed on, so that the end of the answer comes after it. */
  afterAbort(): Promise<void>;
}

/** What the model said and what it wants done; whatever was said before an abort or an error counts. */
export interface Completion {
  readonly text: string;
  readonly calls: readonly PreparedCall[];
}

/** Has one answer made and pushes it: start, text, the tools it calls, end. The end comes in any case. */
export async function complete(options: CompletionOptions): Promise<Completion> {
  const { model, request, push } = options;
  const calls: PreparedCall[] = [];
  let text = "";
  let whole = false;
  await push(new LLMFullResponseStartFrame());
  try {
    for await (const event of streamAnswer(model, request)) {
      if (event.type === "text" && event.text !== "") {
        text += event.text;
        await push(new LLMTextFrame({ text: event.text }));
      } else if (event.type === "toolCall" && options.mayCallTools) {
        const { functionName, toolCallId, argumentsText } = event;
        calls.push({ functionName, toolCallId, ...parseArguments(argumentsText) });
      }
    }
    whole = !request.signal.aborted;
  } catch (error) {
    if (!request.signal.aborted) await options.report(error);
  }
  if (request.signal.aborted) await options.afterAbort();
  if (whole && calls.length > 0) await push(new FunctionCallsStartedFrame({ functionCalls: calls.map(announced) }));
  await push(new LLMFullResponseEndFrame());
  return { text, calls: whole ? calls : [] };
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
