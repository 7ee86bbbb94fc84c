import type { LLMTokenUsage } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import type { AnswerUsage } from "./model.ts";

/** Version 2 of the specification gives totals, later ones totals with their parts. */
export function answerUsage(counts: unknown): AnswerUsage {
  const usage = isRecord(counts) ? counts : {};
  const input = isRecord(usage.inputTokens) ? usage.inputTokens : {};
  const output = isRecord(usage.outputTokens) ? usage.outputTokens : {};
  return {
    inputTokens: count(usage.inputTokens, input.total),
    outputTokens: count(usage.outputTokens, output.total),
    totalTokens: count(usage.totalTokens),
    cacheReadTokens: count(usage.cachedInputTokens, input.cacheRead),
    cacheWriteTokens: count(input.cacheWrite),
    reasoningTokens: count(usage.reasoningTokens, output.reasoning),
  };
}

/** Undefined when the provider counted nothing. */
export function tokenUsage(usage: AnswerUsage): LLMTokenUsage | undefined {
  const { inputTokens, outputTokens, totalTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
  if (inputTokens === undefined && outputTokens === undefined && totalTokens === undefined) return undefined;
  const [promptTokens, completionTokens] = [inputTokens ?? 0, outputTokens ?? 0];
  return {
    promptTokens,
    completionTokens,
    totalTokens: totalTokens ?? promptTokens + completionTokens,
    ...(cacheReadTokens !== undefined && { cacheReadInputTokens: cacheReadTokens }),
    ...(cacheWriteTokens !== undefined && { cacheCreationInputTokens: cacheWriteTokens }),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
  };
}

function count(...candidates: readonly unknown[]): number | undefined {
  return candidates.find((value): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0);
}
