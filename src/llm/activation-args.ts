import type { LLMContextMessage } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";

/** What an {@link LLMAgent} can be activated with. */
export interface LLMActivationArgs {
  /** Added to the conversation. Default: none. */
  readonly messages?: readonly LLMContextMessage[] | undefined;
  /** Whether the model answers them. Default true. */
  readonly runLlm?: boolean | undefined;
}

export interface ReadActivation {
  readonly messages: readonly LLMContextMessage[];
  readonly runLlm: boolean;
  /** What could not be used, a sentence each. */
  readonly problems: readonly string[];
}

/** Reads the arguments, which may come from another process. Python peers write `run_llm`. */
export function readActivationArgs(args: Readonly<Record<string, unknown>> | undefined): ReadActivation {
  const problems: string[] = [];
  const runLlm = args?.runLlm ?? args?.run_llm ?? true;
  if (typeof runLlm !== "boolean") problems.push("The activation's runLlm is neither true nor false.");
  const given = args?.messages ?? [];
  if (!Array.isArray(given)) problems.push("The activation's messages are not a list.");
  const list: readonly unknown[] = Array.isArray(given) ? given : [];
  const messages = list.filter(isMessage);
  if (messages.length < list.length) problems.push("A message of the activation has no role.");
  return { messages, runLlm: runLlm !== false, problems };
}

/** True for what can stand in a conversation; it may have come from another process. */
export function isMessage(value: unknown): value is LLMContextMessage {
  return isRecord(value) && (typeof value.role === "string" || value.__specific__ === true);
}
