import type { LanguageModel } from "trunkline/llm";
import { answerByRules, type OfflineAnswer, type OfflineCall, type OfflineRule } from "./offline-rules.ts";

export interface OfflineModelOptions {
  readonly rules: readonly OfflineRule[];
  /** What it says when no rule fits. */
  readonly otherwise: string;
  /** Between two words. Default 8. */
  readonly wordDelayMs?: number;
}

interface StreamPart {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * A stand-in for a language model that needs no key and no network: it looks for words and says what its rules say.
 * To the rest of the program it is a model like any other: it streams, it calls tools, it can be interrupted.
 */
export function offlineModel({ rules, otherwise, wordDelayMs = 8 }: OfflineModelOptions): LanguageModel {
  let answers = 0;
  return {
    provider: "offline",
    modelId: "rules",
    doStream: async (options) => {
      const answer = answerByRules(rules, options, answers++) ?? { text: otherwise };
      return { stream: streamOf(answer, wordDelayMs, options.abortSignal) };
    },
  };
}

function streamOf(
  answer: OfflineAnswer,
  wordDelayMs: number,
  signal: AbortSignal | undefined,
): ReadableStream<StreamPart> {
  const parts = "text" in answer ? textParts(answer.text) : callParts(answer.call);
  return new ReadableStream({
    async pull(controller) {
      const part = parts.next();
      if (part.done || signal?.aborted) {
        controller.close();
        return;
      }
      if (part.value.type === "text-delta") await pause(wordDelayMs, signal);
      controller.enqueue(part.value);
    },
  });
}

function* textParts(text: string): Generator<StreamPart> {
  yield { type: "stream-start", warnings: [] };
  yield { type: "text-start", id: "1" };
  for (const word of text.match(/\s*\S+/g) ?? []) yield { type: "text-delta", id: "1", delta: word };
  yield { type: "text-end", id: "1" };
  yield finish("stop");
}

function* callParts({ tool, args }: OfflineCall): Generator<StreamPart> {
  yield { type: "stream-start", warnings: [] };
  yield { type: "tool-call", toolCallId: crypto.randomUUID(), toolName: tool, input: JSON.stringify(args) };
  yield finish("tool-calls");
}

function finish(unified: "stop" | "tool-calls"): StreamPart {
  const none = { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0, text: 0, reasoning: 0 };
  return {
    type: "finish",
    finishReason: { unified, raw: undefined },
    usage: { inputTokens: none, outputTokens: none },
  };
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
