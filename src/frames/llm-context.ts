/** A message of the conversation in the form of OpenAI's chat API, which the Python peers share. */
export interface LLMStandardMessage {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  readonly content?: string | readonly LLMContentPart[] | null;
  readonly tool_calls?: readonly LLMToolCall[];
  readonly tool_call_id?: string;
  readonly name?: string;
}

/** A part of a message's content; `text` and `image_url` are understood everywhere, others pass through. */
export interface LLMContentPart {
  readonly type: string;
  readonly text?: string;
  readonly image_url?: { readonly url: string };
  readonly [key: string]: unknown;
}

/** A tool that the model asked for; `arguments` is JSON text. */
export interface LLMToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A message in one provider's own form, seen by that provider's models only. */
export interface LLMSpecificMessage {
  readonly __specific__: true;
  readonly llm: string;
  readonly message: unknown;
}

/** A message of a conversation. */
export type LLMContextMessage = LLMStandardMessage | LLMSpecificMessage;

/** A tool as a model is told of it. */
export interface ToolSchema {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, an object at the top. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Whether the model may or must call tools; a record is a choice in the form of OpenAI's chat API. */
export type ToolChoice = "none" | "auto" | "required" | Readonly<Record<string, unknown>>;

/** What a conversation begins with. Default: nothing. */
export interface LLMContextInit {
  readonly messages?: readonly LLMContextMessage[] | undefined;
  readonly tools?: readonly ToolSchema[] | undefined;
  /** Tools in a provider's own form, by provider. */
  readonly customTools?: Readonly<Record<string, readonly unknown[]>> | undefined;
  readonly toolChoice?: ToolChoice | undefined;
}

/** A conversation: its messages and the tools it may use. Shared by the aggregators and the model's service. */
export class LLMContext {
  #messages: LLMContextMessage[];
  tools: readonly ToolSchema[] | undefined;
  customTools: Readonly<Record<string, readonly unknown[]>> | undefined;
  toolChoice: ToolChoice | undefined;

  constructor(init: LLMContextInit = {}) {
    this.#messages = [...(init.messages ?? [])];
    this.tools = init.tools;
    this.customTools = init.customTools;
    this.toolChoice = init.toolChoice;
  }

  get messages(): readonly LLMContextMessage[] {
    return this.#messages;
  }

  /** Adds messages at the end. The model is not asked. */
  add(...messages: readonly LLMContextMessage[]): void {
    this.#messages.push(...messages);
  }

  /** Puts these messages in the place of all there were. The model is not asked. */
  replace(messages: readonly LLMContextMessage[]): void {
    this.#messages = [...messages];
  }
}

/** Whether a message is for one provider's models only. */
export function isSpecificMessage(message: LLMContextMessage): message is LLMSpecificMessage {
  return "__specific__" in message;
}
