import { isRecord } from "../util/index.ts";
import { fileOf } from "./file-part.ts";
import type { PromptFile, PromptText } from "./model.ts";

const unusable = "has a part that cannot be shown to a model";

/** The words of a message's content; `onProblem` hears of what else is in it. */
export function contentText(content: unknown, onProblem: (problem: string) => void = () => {}): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const words = content.map(textOf);
  if (words.includes(undefined)) onProblem(unusable);
  return words.filter((text) => text !== undefined).join("\n");
}

/** The words, pictures, sounds and files of a message's content. */
export function contentParts(content: unknown, onProblem: (problem: string) => void): (PromptText | PromptFile)[] {
  if (typeof content === "string") return content.trim() === "" ? [] : [{ type: "text", text: content }];
  if (!Array.isArray(content)) {
    onProblem("has no content");
    return [];
  }
  return content.flatMap((part) => {
    const text = textOf(part);
    const used = text === undefined ? fileOf(part) : ({ type: "text", text } as const);
    if (used === undefined) onProblem(unusable);
    return used === undefined || text?.trim() === "" ? [] : [used];
  });
}

function textOf(part: unknown): string | undefined {
  if (!isRecord(part)) return undefined;
  const text = part.type === "text" ? part.text : part.type === "refusal" ? part.refusal : undefined;
  return typeof text === "string" ? text : undefined;
}
