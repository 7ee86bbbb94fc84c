import { streamAnswer } from "./answer-stream.ts";
import type { LanguageModel, ModelSettings } from "./model.ts";
import { toPrompt } from "./prompt.ts";
import type { Summarize } from "./summary.ts";

/** Which model sums a conversation up, and how it is asked. */
export interface SummarizeWithModelOptions {
  /** Any model of the AI SDK's providers; a small one will do. */
  readonly model: LanguageModel;
  /** What the model is told behind the conversation. Default: asks for what matters in a few sentences. */
  readonly instruction?: string | undefined;
  /** How the model is to answer. Default: as its provider has it. */
  readonly settings?: ModelSettings | undefined;
}

const defaultInstruction =
  "Write down in a few sentences what was said and decided so far, with every fact that may matter later. Answer with nothing else.";

/** Has a model make the summary. */
export function summarizeWithModel(options: SummarizeWithModelOptions): Summarize {
  const { model, instruction = defaultInstruction, settings = {} } = options;
  return async (messages, signal) => {
    const asked = [...messages, { role: "user" as const, content: instruction }];
    const { prompt } = toPrompt(asked, { provider: model.provider });
    let text = "";
    for await (const event of streamAnswer(model, { prompt, tools: [], toolChoice: undefined, settings, signal })) {
      if (event.type === "text") text += event.text;
    }
    return text;
  };
}
