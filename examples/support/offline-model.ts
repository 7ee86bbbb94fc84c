import type { LanguageModel, ModelCallOptions } from "trunkline/llm";

/** What the model answers when the last thing it was told fits. */
export interface OfflineRule {
  /** Compared with the last message that is not its own. */
  readonly when: RegExp;
  /** What it says. Where there are several, it takes turns. */
  readonly say?: readonly string[];
  /** A tool it calls instead, as long as tools are offered. */
  readonly call?: { readonly tool: string; readonly args: Readonly<Record<string, string>> };
}

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
  const answer = (options: ModelCallOptions): OfflineAnswer => {
    const said = lastMessage(options.prompt);
    const offersTools = (options.tools?.length ?? 0) > 0 && options.toolChoice?.type !== "none";
    for (const { when, say = [], call } of rules) {
      if (!when.test(said)) continue;
      if (call !== undefined && offersTools) return { call };
      const text = say[answers++ % Math.max(say.length, 1)];
      if (text !== undefined) return { text };
    }
    return { text: otherwise };
  };
  return {
    provider: "offline",
    modelId: "rules",
    doStream: async (options) => ({ stream: streamOf(answer(options), wordDelayMs, options.abortSignal) }),
  };
}

type OfflineAnswer = { readonly text: string } | { readonly call: NonNullable<OfflineRule["call"]> };

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

function* callParts({ tool, args }: NonNullable<OfflineRule["call"]>): Generator<StreamPart> {
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

function lastMessage(prompt: ModelCallOptions["prompt"]): string {
  const message = prompt.findLast(({ role }) => role === "user");
  return message?.role === "user"
    ? message.content.map((part) => (part.type === "text" ? part.text : "")).join(" ")
    : "";
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
