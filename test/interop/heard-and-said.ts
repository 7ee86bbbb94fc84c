import type { Heard } from "./example.ts";

/** Everything the user was told, in one piece. */
export function textOf(heard: readonly Heard[]): string {
  return heard
    .filter(({ type }) => type === "LLMTextFrame")
    .map(({ text }) => text)
    .join("");
}

interface Message {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { name: string; arguments: string } }[];
  readonly tool_call_id?: string;
}

/** A conversation in short: `["user", "hello"]`, `["call", id, name, arguments]`, `["result", id, result]`. */
export function inShort(messages: readonly unknown[]): readonly (readonly unknown[])[] {
  return messages.flatMap((message) => {
    const { role, content, tool_calls: calls, tool_call_id: id } = message as Message;
    if (role === "tool") return [["result", id, parsed(content)]];
    if (calls === undefined) return [[role, content]];
    return calls.map(({ id, function: { name, arguments: json } }) => ["call", id, name, JSON.parse(json)]);
  });
}

function parsed(content: unknown): unknown {
  try {
    return JSON.parse(String(content));
  } catch {
    return content;
  }
}
