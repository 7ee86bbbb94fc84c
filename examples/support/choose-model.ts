import type { LanguageModel } from "trunkline/llm";
import { UsageError } from "./program.ts";

/** A model, and the line that says which it is. */
export interface ChosenModel {
  readonly model: LanguageModel;
  readonly description: string;
}

export interface ChooseModelOptions {
  /** What the user asked for: `provider/name`, `offline`, or nothing. */
  readonly wanted: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Builds the model that needs no key. */
  offline(): LanguageModel;
}

type Provider = (modelName: string) => LanguageModel;

// The AI SDK's providers by the name of their package and of what it exports. A name from outside is only looked up here.
const providers: Readonly<Record<string, string>> = {
  anthropic: "anthropic",
  azure: "azure",
  cerebras: "cerebras",
  cohere: "cohere",
  deepseek: "deepseek",
  fireworks: "fireworks",
  google: "google",
  groq: "groq",
  mistral: "mistral",
  perplexity: "perplexity",
  togetherai: "togetherai",
  xai: "xai",
};

const defaultOpenAIModel = "gpt-4.1-mini";

/** The model that was asked for, or the one there is a key for, or the offline one. */
export async function chooseModel({ wanted, env, offline }: ChooseModelOptions): Promise<ChosenModel> {
  if (wanted !== undefined && wanted !== "offline") return named(wanted, env);
  const key = env.OPENAI_API_KEY;
  const baseURL = env.OPENAI_BASE_URL;
  if (wanted === undefined && (key || baseURL)) return openAI(env.OPENAI_MODEL || defaultOpenAIModel, env);
  return {
    model: offline(),
    description: "offline, a few rules (OPENAI_API_KEY or --model brings a real one)",
  };
}

async function named(wanted: string, env: ChooseModelOptions["env"]): Promise<ChosenModel> {
  const slash = wanted.indexOf("/");
  const [provider, name] = [wanted.slice(0, slash), wanted.slice(slash + 1)];
  if (slash < 1 || name === "")
    throw new UsageError(`--model wants provider/name, as in openai/gpt-4.1-mini, not "${wanted}".`);
  if (provider === "openai") return openAI(name, env);
  const exported = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  if (exported === undefined) {
    throw new UsageError(
      `--model knows no provider "${provider}". It knows openai, ${Object.keys(providers).join(", ")}.`,
    );
  }
  const module = await load(`@ai-sdk/${provider}`);
  return { model: (module[exported] as Provider)(name), description: wanted };
}

async function openAI(name: string, env: ChooseModelOptions["env"]): Promise<ChosenModel> {
  const baseURL = env.OPENAI_BASE_URL;
  if (baseURL && !(URL.canParse(baseURL) && /^https?:/i.test(baseURL)))
    throw new UsageError(`OPENAI_BASE_URL wants a URL as http://localhost:11434/v1, not "${baseURL}".`);
  const { createOpenAI } = (await load("@ai-sdk/openai")) as typeof import("@ai-sdk/openai");
  // A server of one's own often wants no key, but the library wants one.
  const openai = createOpenAI({ apiKey: env.OPENAI_API_KEY || "none", ...(baseURL ? { baseURL } : {}) });
  return { model: openai.chat(name), description: baseURL ? `${name} at ${new URL(baseURL).host}` : `openai/${name}` };
}

async function load(packageName: string): Promise<Record<string, unknown>> {
  try {
    return (await import(packageName)) as Record<string, unknown>;
  } catch (cause) {
    throw new UsageError(`${packageName} is not installed. Install it with: npm install ${packageName}`, { cause });
  }
}
