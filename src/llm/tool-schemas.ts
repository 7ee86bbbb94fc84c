import type { ToolSchema } from "../frames/index.ts";
import type { Tool } from "./tool.ts";

/** The tools as a model is told of them. */
export function toolSchemas(tools: Readonly<Record<string, Tool>>): readonly ToolSchema[] {
  return Object.entries(tools).map(([name, { description, parameters }]) => ({ name, description, parameters }));
}

/** A tool's result as it stands in the conversation; the Python peers use the same word for one that is empty. */
export function resultText(result: unknown): string {
  return JSON.stringify(result) ?? "COMPLETED";
}
