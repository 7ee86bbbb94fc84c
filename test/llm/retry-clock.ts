import type { RetryClock } from "trunkline/llm";
import { gate } from "./harness.ts";

/** Lets waiting between tries be over when the test says so, or at once. */
export class TestClock implements RetryClock {
  /** How long it was to be waited, each time. */
  readonly waits: number[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #begun = gate();
  readonly #over = gate();

  constructor({ held = false } = {}) {
    if (!held) this.#over.open();
  }

  /** Resolves once somebody waits. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  now(): number {
    return Date.UTC(2030, 0, 1);
  }

  random(): number {
    return 0.5;
  }

  wait(delayMs: number, signal: AbortSignal): Promise<void> {
    this.waits.push(delayMs);
    this.signals.push(signal);
    this.#begun.open();
    return this.#over.promise;
  }

  release(): void {
    this.#over.open();
  }
}

/** An error as the AI SDK's providers throw it; none of its classes, as from another copy of the SDK. */
export function refusal(statusCode: number, options: { headers?: Record<string, string>; message?: string } = {}) {
  const { headers = {}, message = "refused" } = options;
  const isRetryable = statusCode === 429 || statusCode >= 500;
  return Object.assign(new Error(message), { statusCode, isRetryable, responseHeaders: headers });
}
