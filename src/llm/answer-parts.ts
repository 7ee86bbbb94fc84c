import { isRecord } from "../util/index.ts";
import { answerUsage } from "./answer-usage.ts";
import type { AnswerEvent } from "./model.ts";

/**
 * What a part of a model's stream means, whatever version of the specification it is from. Undefined: nothing to us, as
 * sources, files, raw chunks, and what the provider's own tools do.
 * @throws the provider's error where the part is one
 */
export function answerEvent(part: unknown): AnswerEvent | undefined {
  if (!isRecord(part)) return undefined;
  switch (part.type) {
    case "text-delta":
      return part.delta === "" ? undefined : { type: "text", text: text(part.delta) };
    case "reasoning-start":
      return { type: "reasoningStart", id: text(part.id), metadata: part.providerMetadata };
    case "reasoning-delta":
      return { type: "reasoning", id: text(part.id), text: text(part.delta), metadata: part.providerMetadata };
    case "reasoning-end":
      return { type: "reasoningEnd", id: text(part.id), metadata: part.providerMetadata };
    case "tool-call":
      return toolCall(part);
    case "stream-start":
      return warningsOf(part.warnings);
    case "finish":
      return finish(part);
    case "error":
      throw part.error;
    default:
      return undefined;
  }
}

type Part = Readonly<Record<string, unknown>>;

function toolCall({ providerExecuted, toolCallId, toolName, input }: Part): AnswerEvent | undefined {
  // What the provider runs itself is part of its answer, not ours to run again.
  if (providerExecuted === true) return undefined;
  const argumentsText = typeof input === "string" ? input : JSON.stringify(input ?? {});
  return { type: "toolCall", toolCallId: text(toolCallId), functionName: text(toolName), argumentsText };
}

/** Version 2 gives the reason as text, later ones as `{ unified, raw }`. */
function finish({ finishReason, usage }: Part): AnswerEvent {
  const reason = text(isRecord(finishReason) ? finishReason.unified : finishReason);
  if (reason === "error") throw new Error("The provider ended the answer with an error and did not say which.");
  return { type: "finish", reason, usage: answerUsage(usage) };
}

function warningsOf(warnings: unknown): AnswerEvent | undefined {
  if (!Array.isArray(warnings) || warnings.length === 0) return undefined;
  return { type: "warnings", warnings: warnings.filter(isRecord).map(warning) };
}

/** Version 2 names settings and tools, later ones features. */
function warning({ type, message, feature, setting, tool, details }: Part): string {
  const named = feature ?? setting ?? (isRecord(tool) ? `tool ${text(tool.name)}` : undefined);
  const what = named === undefined ? text(message) : `${text(type)}: ${text(named)}`;
  return typeof details === "string" ? `${what} (${details})` : what;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : String(value ?? "");
}
