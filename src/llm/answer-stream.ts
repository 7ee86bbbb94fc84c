import { answerEvent } from "./answer-parts.ts";
import { callOptions } from "./call-options.ts";
import type { AnswerEvent, AnswerRequest, LanguageModel } from "./model.ts";
import { modelFailed } from "./model-failure.ts";
import { defaultMaxRetries, maxRetryDelayMs, retryAdvice, retryDelayMs, wholeClock } from "./retry.ts";

/**
 * Asks the model and yields its answer piece by piece. A model that refuses and whose provider says that this may pass
 * is asked again, after a pause, as long as no piece of the answer has been yielded.
 * @throws TrunklineError `TL_MODEL_FAILED` when the provider reports an error; the signal's reason when it aborts
 */
export async function* streamAnswer(model: LanguageModel, request: AnswerRequest): AsyncGenerator<AnswerEvent, void> {
  const { signal } = request;
  for (let attempts = 1; ; attempts++) {
    let begun = false;
    let reader: ReadableStreamDefaultReader<unknown> | undefined;
    try {
      reader = await open(model, request);
      for (;;) {
        const { done, value } = await orAbort(reader.read(), signal);
        if (done) return;
        const event = answerEvent(value);
        if (event === undefined) continue;
        begun ||= event.type !== "warnings" && event.type !== "finish";
        yield event;
      }
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      await pause(request, { modelId: model.modelId, cause, attempts, begun });
    } finally {
      // A model that ignores the signal is left to itself; nobody waits for it.
      reader?.cancel().catch(() => {});
    }
  }
}

interface Failure {
  readonly modelId: string;
  readonly cause: unknown;
  readonly attempts: number;
  readonly begun: boolean;
}

/** Waits before another try, or throws because there will be none. */
async function pause({ retry = {}, signal }: AnswerRequest, failure: Failure): Promise<void> {
  const { maxRetries = defaultMaxRetries } = retry;
  const clock = wholeClock(retry.clock);
  const { retryable, waitMs } = retryAdvice(failure.cause, clock.now());
  if (failure.begun || !retryable || failure.attempts > maxRetries) throw modelFailed(failure);
  if (waitMs !== undefined && waitMs > maxRetryDelayMs) throw modelFailed({ ...failure, waitMs });
  await orAbort(clock.wait(waitMs ?? retryDelayMs(failure.attempts, clock.random()), signal), signal);
}

async function open(model: LanguageModel, request: AnswerRequest): Promise<ReadableStreamDefaultReader<unknown>> {
  request.signal.throwIfAborted();
  const opening = Promise.resolve().then(() => model.doStream(callOptions(model, request)));
  try {
    const { stream } = await orAbort(opening, request.signal);
    return stream.getReader();
  } catch (error) {
    // Whatever it still brings; it may be no stream at all, which is then the error.
    opening.then(({ stream }) => (stream.locked ? undefined : stream.cancel())).catch(() => {});
    throw error;
  }
}

/** The promise's outcome, or the abort if that comes first: not every model listens to its signal. */
async function orAbort<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
