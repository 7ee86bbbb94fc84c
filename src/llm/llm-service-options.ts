import type { LanguageModel, ModelSettings } from "./model.ts";
import type { RetryClock } from "./retry.ts";

/** Which model a service asks, and how. */
export interface LLMServiceOptions extends ModelSettings {
  /** Any model of the AI SDK's providers. */
  readonly model: LanguageModel;
  /** Stands before every conversation. Default: nothing does. */
  readonly systemInstruction?: string | undefined;
  /**
   * What `developer` messages, and `system` messages after the beginning, become. Default `"user"`: many providers
   * refuse a system message in the middle of a conversation, or a conversation without a user's message.
   */
  readonly developerMessages?: "user" | "system" | undefined;
  /**
   * How often a model that refuses is asked again, if its provider says that this may pass and nothing of the answer
   * has come yet. Waits as long as the provider asks for, at most 60 s, or else about 1 s, 2 s, 4 s. Default 2.
   */
  readonly maxRetries?: number | undefined;
  /** Time and chance for the waiting between tries. Default: the system's. */
  readonly retryClock?: Partial<RetryClock> | undefined;
  /** For logs and errors. Default: the class's name. */
  readonly name?: string | undefined;
}
