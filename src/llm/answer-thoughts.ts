import { type Frame, LLMThoughtEndFrame, LLMThoughtStartFrame, LLMThoughtTextFrame } from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import type { AnswerEvent } from "./model.ts";

export type ThoughtEvent = Extract<AnswerEvent, { readonly type: `reasoning${string}` }>;

interface Thought {
  readonly id: string;
  seal: Readonly<Record<string, unknown>>;
}

/**
 * Pushes what a model thinks while it answers, as frames. The frames name no thought, so there is one at a time: a
 * piece of another one ends it. Every thought that has begun is ended.
 */
export class AnswerThoughts {
  readonly #push: (frame: Frame) => Promise<void>;
  #thought: Thought | undefined;

  constructor(push: (frame: Frame) => Promise<void>) {
    this.#push = push;
  }

  async take(event: ThoughtEvent): Promise<void> {
    const { type, id, metadata } = event;
    if (type === "reasoningEnd" && this.#thought?.id !== id) return;
    const thought = await this.#thoughtOf(id, type === "reasoningStart");
    thought.seal = sealedWith(thought.seal, metadata);
    if (type === "reasoning" && event.text !== "") await this.#push(new LLMThoughtTextFrame({ text: event.text }));
    if (type === "reasoningEnd") await this.end();
  }

  /** Ends the thought that is open, if there is one. */
  async end(): Promise<void> {
    const { seal } = this.#thought ?? {};
    this.#thought = undefined;
    if (seal === undefined) return;
    await this.#push(new LLMThoughtEndFrame({ signature: Object.keys(seal).length === 0 ? undefined : seal }));
  }

  async #thoughtOf(id: string, begins: boolean): Promise<Thought> {
    if (this.#thought !== undefined && this.#thought.id === id && !begins) return this.#thought;
    await this.end();
    const thought = { id, seal: {} };
    this.#thought = thought;
    await this.#push(new LLMThoughtStartFrame());
    return thought;
  }
}

/** Metadata comes in pieces, by provider, a signature often with the last one. */
function sealedWith(seal: Thought["seal"], metadata: unknown): Thought["seal"] {
  if (!isRecord(metadata)) return seal;
  const providers = Object.entries(metadata).filter((entry): entry is [string, Thought["seal"]] => isRecord(entry[1]));
  const merged = providers.map(([name, fields]) => [name, { ...(isRecord(seal[name]) && seal[name]), ...fields }]);
  return { ...seal, ...Object.fromEntries(merged) };
}
