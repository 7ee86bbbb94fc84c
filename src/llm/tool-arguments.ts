import { isRecord } from "../util/index.ts";

export interface ParsedArguments {
  readonly arguments: Readonly<Record<string, unknown>>;
  /** What is wrong with the text, for the model. */
  readonly problem: string | undefined;
}

/** Reads the arguments of a call as the model wrote them. */
export function parseArguments(text: string): ParsedArguments {
  if (text.trim() === "") return { arguments: {}, problem: undefined };
  let value: unknown;
  try {
    // A key that would change an object's prototype when it is copied is no argument of any tool.
    value = JSON.parse(text, (key, inner) => (key === "__proto__" ? undefined : inner));
  } catch {
    return { arguments: {}, problem: "The arguments are not JSON." };
  }
  if (!isRecord(value)) return { arguments: {}, problem: "The arguments are not a JSON object." };
  return { arguments: value, problem: undefined };
}
