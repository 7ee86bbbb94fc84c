import type { ModelCallOptions } from "../llm/index.ts";
import { deferred } from "../util/index.ts";

/** A tool call in an answer. */
export interface ScriptedToolCall {
  /** Name of the tool. */
  readonly call: string;
  /** Its arguments; text is sent as it is, to see what happens to JSON that is none. Default: an empty object. */
  readonly args?: unknown;
  /** Default: `call-1`, `call-2` and so on, in the order of one model's calls. */
  readonly id?: string | undefined;
}

/** A part of a stream, in the words of the provider specification. */
export type ScriptedPart = { readonly type: string } & Readonly<Record<string, unknown>>;

/** What a model does while it answers; text is a chunk. */
export type ScriptedStep =
  | string
  | ScriptedToolCall
  /** Thinks aloud. */
  | { readonly reasoning: string }
  /** Streams a part as it is. */
  | { readonly part: ScriptedPart }
  /** Goes on when the promise settles, or the answer is not wanted any more. */
  | { readonly wait: PromiseLike<unknown> }
  /** Breaks off. */
  | { readonly fail: unknown };

/** One answer: its text, its steps, or the error that the provider refuses the request with. */
export type ScriptedAnswer = string | readonly ScriptedStep[] | Error;

/** What a model was asked: everything but the signal, as it was at that moment. */
export type ScriptedRequest = Readonly<Omit<ModelCallOptions, "abortSignal">>;

/** An answer, or a function that makes one of what was asked. What it throws, the provider refuses the request with. */
export type ScriptedAnswerSource =
  | ScriptedAnswer
  | ((request: ScriptedRequest) => ScriptedAnswer | PromiseLike<ScriptedAnswer>);

export interface PlayOptions {
  readonly signal: AbortSignal | undefined;
  readonly nextId: () => string;
}

/** The parts of an answer, one after the other. */
export async function* play(steps: readonly ScriptedStep[], options: PlayOptions): AsyncGenerator<ScriptedPart> {
  const { signal, nextId } = options;
  const calls = steps.some((step) => typeof step === "object" && "call" in step);
  yield { type: "stream-start", warnings: [] };
  yield { type: "text-start", id: "text" };
  for (const step of steps) {
    signal?.throwIfAborted();
    if (typeof step === "string") yield { type: "text-delta", id: "text", delta: step };
    else if ("call" in step) yield toolCall(step, nextId);
    else if ("reasoning" in step) yield { type: "reasoning-delta", id: "reasoning", delta: step.reasoning };
    else if ("part" in step) yield step.part;
    else if ("fail" in step) throw step.fail;
    else await settledOrAborted(step.wait, signal);
  }
  yield { type: "text-end", id: "text" };
  const unified = calls ? "tool-calls" : "stop";
  yield { type: "finish", usage, finishReason: { unified, raw: undefined } };
}

const usage = {
  inputTokens: { total: 1, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: undefined, reasoning: undefined },
};

function toolCall({ call, args = {}, id }: ScriptedToolCall, nextId: () => string): ScriptedPart {
  const input = typeof args === "string" ? args : JSON.stringify(args);
  return { type: "tool-call", toolCallId: id ?? nextId(), toolName: call, input };
}

async function settledOrAborted(promise: PromiseLike<unknown>, signal: AbortSignal | undefined): Promise<void> {
  const { promise: aborted, resolve } = deferred();
  const abort = () => resolve();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  signal?.throwIfAborted();
}
