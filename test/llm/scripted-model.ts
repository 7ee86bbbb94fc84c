import type { LanguageModelV3CallOptions, LanguageModelV3StreamPart } from "@ai-sdk/provider";

/** One thing a scripted model does in an answer; text is streamed as it is. */
export type Step =
  | string
  | { readonly call: string; readonly id: string; readonly args: unknown }
  | { readonly wait: PromiseLike<unknown> }
  | { readonly part: LanguageModelV3StreamPart }
  | { readonly fail: unknown };

const usage = {
  inputTokens: { total: 1, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: undefined, reasoning: undefined },
};

/** A model that answers what it is told to, one script an answer, and remembers what it was asked. */
export class ScriptedModel {
  readonly specificationVersion = "v3";
  readonly provider: string = "scripted.chat";
  readonly modelId: string = "scripted";
  readonly supportedUrls = {};
  readonly asked: LanguageModelV3CallOptions[] = [];
  /** How many answers were hung up on. */
  cancelled = 0;
  readonly #answers: (readonly Step[])[];

  constructor(...answers: readonly (readonly Step[])[]) {
    this.#answers = [...answers];
  }

  doGenerate(): never {
    throw new Error("Nothing but doStream is ever called.");
  }

  async doStream(options: LanguageModelV3CallOptions): Promise<{ stream: ReadableStream<LanguageModelV3StreamPart> }> {
    this.asked.push(structuredClone({ ...options, abortSignal: undefined }) as unknown as LanguageModelV3CallOptions);
    const steps = this.#answers.shift();
    if (steps === undefined) throw new Error(`Nobody expected a question ${this.asked.length}.`);
    const parts = play(steps, options.abortSignal);
    const stream = new ReadableStream<LanguageModelV3StreamPart>({
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => {
        this.cancelled += 1;
      },
    });
    return { stream };
  }

  /** What the model was asked last, message by message. */
  get lastPrompt() {
    return this.asked.at(-1)?.prompt ?? [];
  }
}

async function* play(
  steps: readonly Step[],
  signal: AbortSignal | undefined,
): AsyncGenerator<LanguageModelV3StreamPart> {
  yield { type: "stream-start", warnings: [] };
  yield { type: "text-start", id: "1" };
  for (const step of steps) {
    signal?.throwIfAborted();
    if (typeof step === "string") yield { type: "text-delta", id: "1", delta: step };
    else if ("call" in step) yield toolCall(step);
    else if ("part" in step) yield step.part;
    else if ("fail" in step) throw step.fail;
    else await step.wait;
  }
  yield { type: "text-end", id: "1" };
  yield { type: "finish", usage, finishReason: { unified: "stop", raw: undefined } };
}

function toolCall({ call, id, args }: { call: string; id: string; args: unknown }): LanguageModelV3StreamPart {
  const input = typeof args === "string" ? args : JSON.stringify(args);
  return { type: "tool-call", toolCallId: id, toolName: call, input };
}
