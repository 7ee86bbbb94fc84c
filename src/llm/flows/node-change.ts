import { isSpecificMessage, type LLMContextMessage } from "../../frames/index.ts";

/** What entering a node does to the conversation, and whether it has come there. */
export class NodeChange {
  readonly messages: readonly LLMContextMessage[];
  /** True: the messages replace the conversation; false: they are added to it. */
  readonly replaces: boolean;
  readonly #texts: readonly string[];
  readonly #before: number;

  /** @param conversation - as it was last seen */
  constructor(
    messages: readonly LLMContextMessage[],
    replaces: boolean,
    conversation: readonly LLMContextMessage[] = [],
  ) {
    this.messages = messages;
    this.replaces = replaces;
    this.#texts = messages.map((message) => JSON.stringify(message));
    this.#before = replaces ? 0 : this.#count(conversation);
  }

  /** True when the conversation has these messages, at its beginning or once more than before. */
  isIn(conversation: readonly LLMContextMessage[]): boolean {
    if (this.#texts.length === 0) return true;
    if (this.replaces) return this.#standsAt(0, textsOf(conversation.slice(0, this.#texts.length)));
    return this.#count(conversation) > this.#before;
  }

  #count(conversation: readonly LLMContextMessage[]): number {
    const texts = textsOf(conversation);
    return texts.filter((_, index) => this.#standsAt(index, texts)).length;
  }

  #standsAt(start: number, texts: readonly string[]): boolean {
    return this.#texts.every((text, index) => texts[start + index] === text);
  }
}

function textsOf(conversation: readonly LLMContextMessage[]): readonly string[] {
  return conversation.map((message) => JSON.stringify(message));
}

/** The user's words at the end of a conversation, which nobody has answered yet. */
export function unanswered(conversation: readonly LLMContextMessage[]): readonly LLMContextMessage[] {
  const last = conversation.findLastIndex((message) => isSpecificMessage(message) || message.role !== "user");
  return conversation.slice(last + 1);
}
