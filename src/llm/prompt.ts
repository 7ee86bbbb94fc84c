import {
  isSpecificMessage,
  type LLMContextMessage,
  type LLMSpecificMessage,
  type LLMStandardMessage,
} from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import { contentParts, contentText } from "./content.ts";
import type { PromptMessage, PromptReasoning, PromptText, PromptToolResult, ProviderOptions } from "./model.ts";
import { ToolExchange } from "./tool-exchange.ts";

export interface PromptOptions {
  /** The model's provider, as in {@link LanguageModel.provider}; messages for other providers are left out. */
  readonly provider: string;
  readonly systemInstruction?: string | undefined;
  /**
   * What `developer` messages, and `system` messages after the beginning, become. Default `"user"`: many providers
   * refuse a system message in the middle of a conversation, or a conversation without a user's message.
   */
  readonly developerMessages?: "user" | "system" | undefined;
}

export interface PromptResult {
  readonly prompt: readonly PromptMessage[];
  /** What could not be used, a sentence each. */
  readonly problems: readonly string[];
}

/**
 * Turns a conversation into what the provider specification asks for.
 *
 * 1. Nothing that a peer put into a message makes it throw; what is unusable is left out and named.
 * 2. Every tool call is followed at once by its result, a placeholder if there is none yet; a result nobody asked for
 *    is left out.
 * 3. No two tool calls carry the same id.
 */
export function toPrompt(messages: readonly LLMContextMessage[], options: PromptOptions): PromptResult {
  return new PromptBuilder(messages, options).build();
}

class PromptBuilder {
  readonly #messages: readonly unknown[];
  readonly #options: PromptOptions;
  readonly #exchange: ToolExchange;
  readonly #prompt: PromptMessage[] = [];
  readonly #problems: string[] = [];
  #atBeginning = true;

  constructor(messages: readonly unknown[], options: PromptOptions) {
    this.#messages = messages;
    this.#options = options;
    this.#exchange = new ToolExchange(messages, (problem) => this.#problems.push(problem));
  }

  build(): PromptResult {
    const { systemInstruction } = this.#options;
    if (systemInstruction !== undefined && systemInstruction !== "") this.#add("system", systemInstruction);
    for (const [index, message] of this.#messages.entries()) {
      if (!isRecord(message)) this.#problems.push(`Message ${index} is not an object.`);
      else if (isSpecificMessage(message as never)) this.#addSpecific(message as never, index);
      else this.#addStandard(message as never, index);
    }
    return { prompt: this.#prompt, problems: this.#problems };
  }

  #addStandard(message: LLMStandardMessage, index: number): void {
    const { role } = message;
    switch (role) {
      case "system":
      case "developer":
        this.#addInstruction(role, this.#textOf(message, index), index);
        return;
      case "user":
        this.#addUser(message, index);
        return;
      case "assistant":
        this.#addAssistant(message, index);
        return;
      case "tool":
        // Its text stands behind the call it answers; the exchange has it.
        this.#exchange.passed(index);
        return;
      default:
        this.#problems.push(`Message ${index} has no role that is known.`);
    }
  }

  #addInstruction(role: "system" | "developer", text: string, index: number): void {
    const asUser = (this.#options.developerMessages ?? "user") === "user";
    if (text.trim() === "") this.#problems.push(`Message ${index} has no text.`);
    else if (asUser && (role === "developer" || !this.#atBeginning)) this.#addUserText(text);
    else this.#add("system", text);
  }

  #addUser(message: LLMStandardMessage, index: number): void {
    const content = contentParts(message.content, this.#problemOf(index));
    if (content.length === 0) return;
    this.#atBeginning = false;
    this.#prompt.push({ role: "user", content });
  }

  #addAssistant(message: LLMStandardMessage, index: number): void {
    const text = this.#textOf(message, index);
    const words: PromptText[] = text.trim() === "" ? [] : [{ type: "text", text }];
    const exchanges = this.#exchange.callsOf(message, index);
    if (words.length + exchanges.length === 0) return;
    this.#atBeginning = false;
    this.#prompt.push({ role: "assistant", content: [...words, ...exchanges.map(({ call }) => call)] });
    if (exchanges.length > 0) this.#addResults(exchanges.map(({ result }) => result));
  }

  #addResults(content: PromptToolResult[]): void {
    this.#prompt.push({ role: "tool", content });
  }

  #addSpecific({ llm, message }: LLMSpecificMessage, index: number): void {
    const { provider } = this.#options;
    if (typeof llm !== "string" || (llm !== provider && llm !== provider.split(".")[0])) return;
    if (isRecord(message) && message.type === "thought") {
      this.#addThought(llm, message);
      return;
    }
    if (!isRecord(message) || typeof message.role !== "string") {
      this.#problems.push(`Message ${index} is for this provider, but has no role.`);
      return;
    }
    this.#atBeginning = false;
    this.#prompt.push(message as unknown as PromptMessage);
  }

  /** As the Python peers keep thoughts: `{ type, text, signature }`. */
  #addThought(llm: string, { text, signature }: Readonly<Record<string, unknown>>): void {
    const thought: PromptReasoning = { type: "reasoning", text: typeof text === "string" ? text : "" };
    const seal = typeof signature === "string" ? { [llm]: { signature } } : isRecord(signature) ? signature : {};
    const byProvider = Object.entries(seal).filter((entry) => isRecord(entry[1]));
    if (byProvider.length > 0) thought.providerOptions = Object.fromEntries(byProvider) as ProviderOptions;
    else if (thought.text === "") return;
    this.#atBeginning = false;
    this.#prompt.push({ role: "assistant", content: [thought] });
  }

  #textOf({ content }: LLMStandardMessage, index: number): string {
    return contentText(content, this.#problemOf(index));
  }

  #problemOf(index: number): (problem: string) => void {
    return (problem) => this.#problems.push(`Message ${index} ${problem}.`);
  }

  #addUserText(text: string): void {
    this.#atBeginning = false;
    this.#prompt.push({ role: "user", content: [{ type: "text", text }] });
  }

  #add(role: "system", content: string): void {
    this.#prompt.push({ role, content });
  }
}
