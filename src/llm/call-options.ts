import type {
  AnswerRequest,
  JSONSchema7,
  LanguageModel,
  ModelCallOptions,
  ModelSettings,
  PromptFileData,
  PromptMessage,
} from "./model.ts";

/** What a model is called with, as its version of the specification has it. */
export function callOptions(model: LanguageModel, request: AnswerRequest): ModelCallOptions {
  const { prompt, tools, toolChoice, settings, signal } = request;
  return {
    prompt: tagsFiles(model) ? prompt.map(withTaggedFiles) : [...prompt],
    abortSignal: signal,
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }) => ({
        type: "function" as const,
        name,
        description,
        inputSchema: parameters as JSONSchema7,
      })),
      toolChoice: toolChoice ?? { type: "auto" },
    }),
    ...given(settings),
  };
}

function given(settings: ModelSettings): Omit<ModelCallOptions, "prompt"> {
  const { maxOutputTokens, temperature, topP, topK, frequencyPenalty, presencePenalty, seed } = settings;
  const { stopSequences, providerOptions, headers } = settings;
  return {
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(seed !== undefined && { seed }),
    ...(stopSequences !== undefined && { stopSequences: [...stopSequences] }),
    ...(providerOptions !== undefined && { providerOptions }),
    ...(headers !== undefined && { headers: { ...headers } }),
  };
}

/** From version 4 on, a file says whether it is data or a URL. */
function tagsFiles({ specificationVersion }: LanguageModel): boolean {
  const version = /^v(\d+)$/.exec(specificationVersion ?? "")?.[1];
  return version !== undefined && Number(version) >= 4;
}

function withTaggedFiles(message: PromptMessage): PromptMessage {
  if (message.role !== "user" || !Array.isArray(message.content)) return message;
  const content = message.content.map((part) => (part.type === "file" ? { ...part, data: tagged(part.data) } : part));
  return { ...message, content };
}

function tagged(data: string | URL | object): PromptFileData {
  if (typeof data === "string") return { type: "data", data } as unknown as PromptFileData;
  return (data instanceof URL ? { type: "url", url: data } : data) as PromptFileData;
}
