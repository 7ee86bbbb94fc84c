import type { LLMStandardMessage } from "../frames/index.ts";
import { Deque, isRecord } from "../util/index.ts";
import { contentText } from "./content.ts";
import type { JSONValue, PromptToolCall, PromptToolResult } from "./model.ts";

/** What stands in the conversation for the result of a tool that still runs. The Python peers use the same word. */
export const inProgressResult = "IN_PROGRESS";

interface Answer {
  readonly index: number;
  readonly text: string;
}

export interface Exchange {
  readonly call: PromptToolCall;
  readonly result: PromptToolResult;
}

/** Brings the tool calls of a conversation together with their results, wherever in it these are. */
export class ToolExchange {
  /** By id, in the order of the conversation; what a call has passed is never looked at again. */
  readonly #answers = new Map<string, Deque<Answer>>();
  readonly #taken = new Set<number>();
  readonly #counts = new Map<string, number>();
  readonly #ids = new Set<string>();
  readonly #onProblem: (problem: string) => void;

  constructor(messages: readonly unknown[], onProblem: (problem: string) => void) {
    this.#onProblem = onProblem;
    for (const [index, message] of messages.entries()) {
      if (!isRecord(message) || message.role !== "tool" || typeof message.tool_call_id !== "string") continue;
      const answers = this.#answers.get(message.tool_call_id) ?? new Deque();
      answers.push({ index, text: contentText(message.content) });
      this.#answers.set(message.tool_call_id, answers);
    }
  }

  /** The calls of an assistant's message, each with its result. */
  callsOf(message: LLMStandardMessage, index: number): readonly Exchange[] {
    const calls: unknown = message.tool_calls ?? [];
    if (!Array.isArray(calls)) {
      this.#onProblem(`Message ${index} has tool calls that are not a list.`);
      return [];
    }
    return calls.flatMap((call: unknown) => this.#exchangeOf(call, index));
  }

  /** Names the result at this place if no call before it asked for one. */
  passed(index: number): void {
    if (!this.#taken.has(index))
      this.#onProblem(`Message ${index} is the result of a tool that was not called before it.`);
  }

  #exchangeOf(call: unknown, index: number): readonly Exchange[] {
    const wanted = isRecord(call) && isRecord(call.function) ? call.function : {};
    if (!isRecord(call) || typeof call.id !== "string" || typeof wanted.name !== "string" || wanted.name === "") {
      this.#onProblem(`Message ${index} has a tool call without an id or a name.`);
      return [];
    }
    const answer = this.#answerTo(call.id, index);
    const named = { toolCallId: this.#unique(call.id), toolName: wanted.name };
    return [
      {
        call: { type: "tool-call", ...named, input: inputOf(wanted.arguments) },
        result: { type: "tool-result", ...named, output: outputOf(answer?.text ?? inProgressResult) },
      },
    ];
  }

  #answerTo(id: string, index: number): Answer | undefined {
    const answers = this.#answers.get(id);
    let answer = answers?.shift();
    while (answer !== undefined && answer.index < index) answer = answers?.shift();
    if (answer !== undefined) this.#taken.add(answer.index);
    return answer;
  }

  // Some models count their calls anew in every answer.
  #unique(id: string): string {
    let unique = id;
    let count = this.#counts.get(id) ?? 1;
    while (this.#ids.has(unique)) unique = `${id}-${++count}`;
    this.#counts.set(id, count);
    this.#ids.add(unique);
    return unique;
  }
}

function inputOf(text: unknown): unknown {
  const input = typeof text === "string" ? parsed(text) : text;
  return isRecord(input) ? input : {};
}

function outputOf(text: string): PromptToolResult["output"] {
  const value = parsed(text);
  return value === undefined ? { type: "text", value: text } : { type: "json", value: value as JSONValue };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
