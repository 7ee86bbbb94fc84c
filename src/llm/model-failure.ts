import { messageOf, TrunklineError } from "../errors.ts";
import { isRecord } from "../util/index.ts";

/** What is known about an answer that was not made. */
export interface ModelFailure {
  readonly modelId: string;
  /** What the provider, or the way to it, threw. */
  readonly cause: unknown;
  readonly attempts: number;
  /** True when a part of the answer has been given. */
  readonly begun: boolean;
  /** How long the provider wants to be left alone, where that is why it was not asked again. */
  readonly waitMs?: number | undefined;
}

/** The error for the application's log: model, HTTP status, attempts, and the provider's words, cut short. */
export function modelFailed({ modelId, cause, attempts, begun, waitMs }: ModelFailure): TrunklineError {
  const status = isRecord(cause) && typeof cause.statusCode === "number" ? [`HTTP ${cause.statusCode}`] : [];
  const patience = waitMs === undefined ? [] : [`it asks to be left alone for ${Math.ceil(waitMs / 1_000)} s`];
  const facts = [...status, `${attempts} attempt${attempts === 1 ? "" : "s"}`, ...patience].join(", ");
  const what = begun ? "broke off its answer" : "did not answer";
  const message = `The model ${modelId} ${what}: ${excerpt(wordsOf(cause))} (${facts})`;
  return new TrunklineError("TL_MODEL_FAILED", message, { cause });
}

// What comes in a stream need not be an Error; OpenAI's are plain objects.
function wordsOf(cause: unknown): string {
  return isRecord(cause) && typeof cause.message === "string" ? cause.message : messageOf(cause);
}

const maxExcerptLength = 300;

/** Words of a stranger for a log: one line, not long, and no key in it. */
export function excerpt(text: string): string {
  // Cut first, so that the expressions below never see more than they need.
  const line = text
    .slice(0, 4 * maxExcerptLength)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replace(/\b(?:bearer\s+|(?:sk|pk|gsk|xai|key|api[_-]?key)[-_=:])[\w.~+/*-]{6,}=*/gi, "[key]")
    .trim();
  return line.length > maxExcerptLength ? `${line.slice(0, maxExcerptLength).trimEnd()}…` : line;
}
