import type { LanguageModel, ModelCallOptions } from "../llm/index.ts";
import { Arrivals, type WaitOptions } from "./arrivals.ts";
import {
  play,
  type ScriptedAnswer,
  type ScriptedAnswerSource,
  type ScriptedPart,
  type ScriptedRequest,
} from "./scripted-answer.ts";
import { testFailure } from "./test-failure.ts";

/**
 * A language model that gives the answers it was made with, one a request, and remembers what it was asked.
 *
 * Declare it with `using`, or call {@link assertUsed} at the end: both fail the test when answers are left, or when it
 * was asked for more than it has.
 */
export class ScriptedModel implements LanguageModel, Disposable {
  readonly specificationVersion = "v3";
  readonly provider = "scripted.chat";
  readonly modelId = "scripted";
  readonly supportedUrls: Readonly<Record<string, never>> = {};
  readonly #answers: readonly ScriptedAnswerSource[];
  readonly #requests = new Arrivals<ScriptedRequest>(({ prompt }) => `a request of ${prompt.length} messages`);
  #calls = 0;
  #cancelled = 0;

  constructor(answers: readonly ScriptedAnswerSource[]) {
    this.#answers = [...answers];
  }

  /** What it was asked, in order. */
  get requests(): readonly ScriptedRequest[] {
    return this.#requests.all;
  }

  /** How many answers were not wanted any more before their end. */
  get cancelled(): number {
    return this.#cancelled;
  }

  /**
   * The first request, or as many-th as `count` says; at once if it came already.
   * @throws TrunklineError `TL_TEST_FAILED` when it has not come in time
   */
  waitForRequest(options?: WaitOptions): Promise<ScriptedRequest> {
    return this.#requests.waitFor(() => true, "A request", options);
  }

  /**
   * For the service that asks.
   * @throws what the answer says, `TL_TEST_FAILED` when there is none left
   */
  async doStream(options: ModelCallOptions): Promise<{ readonly stream: ReadableStream<ScriptedPart> }> {
    const { abortSignal: signal, ...asked } = options;
    const request = copied(asked) as ScriptedRequest;
    const source = this.#answers[this.requests.length];
    this.#requests.add(request);
    if (source === undefined) throw testFailure(this.#count());
    const answer = await (typeof source === "function" ? source(request) : source);
    return { stream: this.#stream(answer, signal) };
  }

  /**
   * Throws unless it was asked exactly as often as it has answers.
   * @throws TrunklineError `TL_TEST_FAILED`
   */
  assertUsed(): void {
    if (this.requests.length !== this.#answers.length) throw testFailure(this.#count());
  }

  /** As {@link assertUsed}, for `using`. */
  [Symbol.dispose](): void {
    this.assertUsed();
  }

  #count(): string {
    const [has, asked] = [this.#answers.length, this.requests.length];
    return `The scripted model has ${has} answer${has === 1 ? "" : "s"} and was asked ${asked} time${asked === 1 ? "" : "s"}.`;
  }

  #stream(answer: ScriptedAnswer, signal: AbortSignal | undefined): ReadableStream<ScriptedPart> {
    if (answer instanceof Error) throw answer;
    const steps = typeof answer === "string" ? [answer] : answer;
    const parts = play(steps, { signal, nextId: () => `call-${++this.#calls}` });
    return new ReadableStream<ScriptedPart>({
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => {
        this.#cancelled += 1;
      },
    });
  }
}

/** A copy that later changes do not reach. What is neither a list nor a plain object, such as a URL, is kept. */
function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, copied(entry)]));
}
