import { TrunklineError } from "../errors.ts";
import { isRecord } from "../util/index.ts";

/** Time and chance as waiting for another try sees them; tests bring their own. */
export interface RetryClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 up to 1. */
  random(): number;
  /** Resolves when `delayMs` are over. Nobody waits for it any longer once the signal aborts. */
  wait(delayMs: number, signal: AbortSignal): Promise<void>;
}

/** How often a model that refuses is asked again. */
export interface RetryOptions {
  /** How often after the first time; 0: never. Default 2. */
  readonly maxRetries?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Partial<RetryClock> | undefined;
}

export const defaultMaxRetries = 2;

/** @throws TrunklineError `TL_INVALID_OPTION` unless it is a whole number */
export function checkMaxRetries(maxRetries = defaultMaxRetries): void {
  if (Number.isInteger(maxRetries) && maxRetries >= 0) return;
  throw new TrunklineError("TL_INVALID_OPTION", "maxRetries must be a whole number, 0 or more.");
}

/** Nobody waits longer in a conversation than this; a provider that wants more is taken at its word and left alone. */
export const maxRetryDelayMs = 60_000;

const systemClock: RetryClock = {
  now: () => Date.now(),
  random: () => Math.random(),
  wait: (delayMs, signal) =>
    new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", over);
        resolve();
      };
      const timer = setTimeout(over, delayMs);
      signal.addEventListener("abort", over, { once: true });
    }),
};

/** The given parts of a clock, a class's methods for one, and the system's for the rest. */
export function wholeClock(clock: Partial<RetryClock> = {}): RetryClock {
  return {
    now: () => clock.now?.() ?? systemClock.now(),
    random: () => clock.random?.() ?? systemClock.random(),
    wait: (delayMs, signal) =>
      clock.wait === undefined ? systemClock.wait(delayMs, signal) : clock.wait(delayMs, signal),
  };
}

/** What a provider's error says about asking again. */
export interface RetryAdvice {
  readonly retryable: boolean;
  /** How long the provider wants to be left alone. Undefined: it does not say. */
  readonly waitMs: number | undefined;
}

/** Reads an error of any of the AI SDK's providers, by its fields; it may come from another copy of the SDK. */
export function retryAdvice(error: unknown, now: number): RetryAdvice {
  const { isRetryable, responseHeaders } = isRecord(error) ? error : ({} as Record<string, unknown>);
  if (isRetryable !== true) return { retryable: false, waitMs: undefined };
  return { retryable: true, waitMs: isRecord(responseHeaders) ? requestedWaitMs(responseHeaders, now) : undefined };
}

/** How long to wait after so many failures: half of 1 s, 2 s, 4 s and so on, and a random part of the other half. */
export function retryDelayMs(failures: number, random: number): number {
  const exponential = Math.min(1_000 * 2 ** Math.min(failures - 1, 16), maxRetryDelayMs);
  return (exponential / 2) * (1 + random);
}

function requestedWaitMs(headers: Readonly<Record<string, unknown>>, now: number): number | undefined {
  const milliseconds = positive(headerOf(headers, "retry-after-ms"));
  if (milliseconds !== undefined) return milliseconds;
  const text = headerOf(headers, "retry-after");
  const seconds = positive(text);
  if (seconds !== undefined) return seconds * 1_000;
  // Date.parse takes almost anything for a date; HTTP's begin with the day of the week.
  const date = text !== undefined && /^\s*[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function headerOf(headers: Readonly<Record<string, unknown>>, wanted: string): string | undefined {
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
  return typeof found === "string" && found.trim() !== "" ? found : undefined;
}

function positive(text: string | undefined): number | undefined {
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
