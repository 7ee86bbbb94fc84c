import type { TaskRequest } from "trunkline";
import { type LanguageModel, LLMContextAgent, type LLMContextAgentOptions, LLMService } from "trunkline/llm";

export interface Question {
  readonly question: string;
}

export interface DebaterOptions extends LLMContextAgentOptions {
  readonly model: LanguageModel;
  /** What it stands for, as in "You see what can be won." */
  readonly stance: string;
}

/** Argues for its own point of view, and remembers what it has said before: its conversation is its own. */
export class Debater extends LLMContextAgent {
  readonly #model: LanguageModel;
  readonly #stance: string;

  constructor(name: string, { model, stance, ...options }: DebaterOptions) {
    super(name, options);
    this.#model = model;
    this.#stance = stance;
  }

  override buildLLM(): LLMService {
    const systemInstruction = `You are the ${this.name} of a debate. ${this.#stance} Answer in three short sentences.`;
    return new LLMService({ model: this.#model, systemInstruction });
  }

  override tasks = {
    argue: (task: TaskRequest<Question>) =>
      this.answer(task.payload.question, { signal: task.signal, onText: (text) => void task.stream(text) }),
  };
}
