import type { ModelCallOptions } from "trunkline/llm";

/** What the offline model knows, the most particular first: the first rule that fits counts. */
export type OfflineRule = WordsRule | ResultRule;

/** Fits what it was told last, by the user or by the program. */
export interface WordsRule {
  readonly when: RegExp;
  readonly resultOf?: undefined;
  /** What it says. Where there are several, it takes turns; a function makes its words of what was found. */
  readonly say?: readonly string[] | ((found: RegExpMatchArray) => string);
  /** A tool it calls instead, if it is offered this tool. */
  readonly call?: {
    readonly tool: string;
    readonly args: OfflineCall["args"] | ((found: RegExpMatchArray) => OfflineCall["args"]);
  };
}

/** Fits the result of a tool that it has called, as long as nobody has said anything since. */
export interface ResultRule {
  readonly resultOf: string;
  readonly when?: undefined;
  readonly say: (result: Readonly<Record<string, unknown>>) => string;
}

export interface OfflineCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export type OfflineAnswer = { readonly text: string } | { readonly call: OfflineCall };

/** What the rules make of a question; undefined when none fits. `turn` chooses among several sayings. */
export function answerByRules(
  rules: readonly OfflineRule[],
  { prompt, tools = [], toolChoice }: ModelCallOptions,
  turn: number,
): OfflineAnswer | undefined {
  const offered = toolChoice?.type === "none" ? [] : tools.map(({ name }) => name);
  const said = lastWords(prompt);
  const results = lastResults(prompt);
  for (const rule of rules) {
    if (rule.resultOf !== undefined) {
      const result = results.get(rule.resultOf);
      if (result !== undefined) return { text: rule.say(result) };
      continue;
    }
    const found = results.size === 0 ? rule.when.exec(said) : null;
    if (found === null) continue;
    const { say = [], call } = rule;
    if (call !== undefined && offered.includes(call.tool)) {
      return { call: { tool: call.tool, args: typeof call.args === "function" ? call.args(found) : call.args } };
    }
    const text = typeof say === "function" ? say(found) : say[turn % Math.max(say.length, 1)];
    if (text !== undefined) return { text };
  }
  return undefined;
}

function lastWords(prompt: ModelCallOptions["prompt"]): string {
  const message = prompt.findLast(({ role }) => role === "user");
  return message?.role === "user"
    ? message.content.map((part) => (part.type === "text" ? part.text : "")).join(" ")
    : "";
}

/** The results at the end of the conversation, by the tool's name. */
function lastResults(prompt: ModelCallOptions["prompt"]): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const message = prompt.at(-1);
  if (message?.role !== "tool") return new Map();
  return new Map(message.content.map(({ toolName, output: { value } }) => [toolName, recordOf(value)]));
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : { value };
}
