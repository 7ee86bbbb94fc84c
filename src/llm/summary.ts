import type { LLMContextMessage } from "../frames/index.ts";
import { deferred, linkAbort, within } from "../util/index.ts";

/** Makes a summary of a conversation; the signal aborts when it takes too long or is not wanted any more. */
export type Summarize = (messages: readonly LLMContextMessage[], signal: AbortSignal) => string | Promise<string>;

export interface SummaryLimits {
  readonly timeoutMs: number;
  /** Aborts when nobody wants the summary any more. */
  readonly signal: AbortSignal;
}

/**
 * Has a summary made. Undefined once nobody wants it.
 * @throws what `summarize` throws, and an error when it takes too long
 */
export async function summaryInTime<T>(
  summarize: (signal: AbortSignal) => T | Promise<T>,
  { timeoutMs, signal }: SummaryLimits,
): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const link = linkAbort(signal);
  const unwanted = deferred<undefined>();
  link.signal.addEventListener("abort", () => unwanted.resolve(undefined), { once: true });
  const work = Promise.resolve().then(() => summarize(link.signal));
  const made = Promise.race([work, unwanted.promise]);
  try {
    if ((await within(made, timeoutMs)) === "late") throw new Error(`it took more than ${timeoutMs} ms`);
    return await made;
  } finally {
    link.abort();
  }
}

/** A summary as it stands in the conversation. */
export function summaryMessage(summary: string): LLMContextMessage {
  return { role: "developer", content: `What was said so far, in short: ${summary}` };
}
