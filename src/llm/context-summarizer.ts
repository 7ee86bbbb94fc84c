import { messageOf, TrunklineError } from "../errors.ts";
import { isSpecificMessage, type LLMContext, type LLMContextMessage } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import { isMessage } from "./activation-args.ts";
import { type CheckedContextLimit, type ContextLimit, checkedContextLimit } from "./context-limit.ts";
import { summarizable } from "./summarizable.ts";
import { summaryInTime, summaryMessage } from "./summary.ts";

/**
 * Keeps a conversation below its limit: when it has grown beyond, its older messages are replaced by a summary.
 *
 * 1. The conversation goes on meanwhile. The replacement happens at once, and keeps what was added since.
 * 2. Nothing is replaced when the summary fails or is late, which is reported, or when the messages it stands for
 *    are no longer where they were.
 * 3. One summary at a time. After each try the next one comes once `keepLast` messages more have been added.
 */
export class ContextSummarizer {
  readonly #context: LLMContext;
  readonly #limit: CheckedContextLimit;
  readonly #stopped = new AbortController();
  readonly #tokens = new WeakMap<LLMContextMessage, number>();
  #busy = false;
  /** No try before the conversation is this long. */
  #notBefore = 0;

  /** @throws TrunklineError `TL_INVALID_OPTION` */
  constructor(context: LLMContext, limit: ContextLimit) {
    this.#context = context;
    this.#limit = checkedContextLimit(limit);
  }

  /** Looks whether the conversation is too long now, and has it shortened if so. */
  look(report: (error: TrunklineError) => void): void {
    if (this.#busy || this.#stopped.signal.aborted) return;
    const { messages } = this.#context;
    // A conversation that began anew is shorter than it was.
    this.#notBefore = Math.min(this.#notBefore, messages.length + this.#limit.keepLast);
    try {
      if (messages.length < this.#notBefore || !this.#tooLong(messages)) return;
      const indexes = summarizable(messages, this.#limit.keepLast);
      // One alone is the summary before, or not worth one.
      if (indexes.length >= 2) void this.#shorten(indexes, report);
    } catch (cause) {
      this.#failed(cause, report);
    }
  }

  /** Gives up the summary that is being made; no other is begun. */
  stop(): void {
    this.#stopped.abort();
  }

  #tooLong(messages: readonly LLMContextMessage[]): boolean {
    const { maxMessages, maxTokens } = this.#limit;
    if (messages.length > maxMessages) return true;
    if (maxTokens === Infinity) return false;
    let tokens = 0;
    for (const message of messages) tokens += this.#tokensOf(message);
    return tokens > maxTokens;
  }

  #tokensOf(message: LLMContextMessage): number {
    if (!isRecord(message)) return 0;
    const known = this.#tokens.get(message);
    if (known !== undefined) return known;
    const tokens = this.#limit.estimateTokens(message);
    this.#tokens.set(message, tokens);
    return tokens;
  }

  async #shorten(indexes: readonly number[], report: (error: TrunklineError) => void): Promise<void> {
    const { summarize, timeoutMs } = this.#limit;
    const before = this.#context.messages;
    const old = indexes.flatMap((index) => before[index] ?? []);
    this.#busy = true;
    try {
      const made = await summaryInTime((signal) => summarize(old, signal), { timeoutMs, signal: this.#stopped.signal });
      if (made !== undefined && !this.#stopped.signal.aborted) this.#replace(indexes, old, messagesOf(made));
    } catch (cause) {
      this.#failed(cause, report);
    } finally {
      this.#busy = false;
    }
    this.#notBefore = this.#context.messages.length + this.#limit.keepLast;
  }

  #replace(indexes: readonly number[], old: readonly LLMContextMessage[], made: readonly LLMContextMessage[]): void {
    const { messages } = this.#context;
    if (indexes.some((index, place) => messages[index] !== old[place])) return;
    const gone = new Set(indexes);
    const next = messages.flatMap((message, index) => {
      if (index === indexes[0]) return made;
      return gone.has(index) ? [] : [message];
    });
    this.#context.replace(next);
  }

  #failed(cause: unknown, report: (error: TrunklineError) => void): void {
    this.#notBefore = this.#context.messages.length + this.#limit.keepLast;
    const message = `The conversation was kept as it is, for want of a summary: ${messageOf(cause)}`;
    report(new TrunklineError("TL_HANDLER_FAILED", message, { cause }));
  }
}

/** @throws an error when it is not what can stand in a conversation */
function messagesOf(made: string | readonly LLMContextMessage[]): readonly LLMContextMessage[] {
  if (typeof made === "string") {
    const summary = made.trim();
    if (summary === "") throw new Error("it was empty");
    return [summaryMessage(summary)];
  }
  if (!Array.isArray(made) || !made.every(isMessage)) throw new Error("it was neither text nor a list of messages");
  const plain = (made as readonly LLMContextMessage[]).every(
    (message) => isSpecificMessage(message) || (message.role !== "tool" && message.tool_calls === undefined),
  );
  if (!plain) throw new Error("it held tool calls or their results");
  return made;
}
