import type { ToolChoice } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import type { PromptToolChoice } from "./model.ts";

/** From the form of OpenAI's chat API. What is not understood leaves the choice to the model. */
export function promptToolChoice(choice: ToolChoice | undefined): PromptToolChoice | undefined {
  if (choice === "none" || choice === "auto" || choice === "required") return { type: choice };
  const named = isRecord(choice) && isRecord(choice.function) ? choice.function.name : undefined;
  return typeof named === "string" ? { type: "tool", toolName: named } : undefined;
}
