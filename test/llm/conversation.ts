import {
  BaseAgent,
  type BaseAgentOptions,
  BusBridgeProcessor,
  type Frame,
  type FrameDirection,
  Pipeline,
  TranscriptionFrame,
} from "trunkline";
import {
  createContextAggregators,
  LLMAgent,
  type LLMAgentOptions,
  LLMContext,
  LLMService,
  type Tool,
} from "trunkline/llm";
import { z } from "zod";
import { Running } from "../support/running.ts";
import { Recorder } from "./harness.ts";
import { ScriptedModel, type Step } from "./scripted-model.ts";

/** The agent a person talks to: it owns the conversation, and the model is somewhere behind its bridge. */
export class Host extends BaseAgent {
  readonly context = new LLMContext();
  readonly output = new Recorder();

  constructor(options: BaseAgentOptions) {
    super("host", options);
  }

  override buildPipeline(): Pipeline {
    const { user, assistant } = createContextAggregators(this.context);
    return new Pipeline([
      user,
      new BusBridgeProcessor({ bus: this.bus, agentName: this.name }),
      this.output,
      assistant,
    ]);
  }

  say(text: string): Promise<void> {
    return this.queueFrame(new TranscriptionFrame({ text, userId: "u", timestamp: "" }));
  }

  /** The words of both, and what tools returned. */
  get transcript(): readonly string[] {
    return this.context.messages.map((message) => {
      if ("__specific__" in message) return "specific";
      const calls = message.tool_calls?.map(({ function: { name } }) => `calls ${name}`).join();
      return `${message.role}: ${calls ?? message.content}`;
    });
  }
}

export type ToolsOf = (agent: ScriptedAgent) => Readonly<Record<string, Tool>>;

/** An LLM agent with a scripted model, which notes the frames that are queued in it. */
export class ScriptedAgent extends LLMAgent {
  readonly model: ScriptedModel;

  constructor(name: string, options: LLMAgentOptions & { readonly model: ScriptedModel; readonly tools?: ToolsOf }) {
    super(name, options);
    this.model = options.model;
    this.tools = options.tools?.(this) ?? {};
  }

  override buildLLM(): LLMService {
    return new NotingService({ model: this.model, systemInstruction: `You are ${this.name}.` });
  }

  readonly entered: (readonly [Frame, FrameDirection])[] = [];

  protected override createLLM(): LLMService {
    const llm = super.createLLM();
    if (llm instanceof NotingService) llm.note = (frame, direction) => this.entered.push([frame, direction]);
    return llm;
  }
}

class NotingService extends LLMService {
  note: (frame: Frame, direction: FrameDirection) => void = () => {};

  override process(frame: Frame, direction: FrameDirection): Promise<void> {
    this.note(frame, direction);
    return super.process(frame, direction);
  }
}

/** No arguments. */
export const anything = z.object({});

export const call = (name: string, id = name): Step => ({ call: name, id, args: {} });

export const developer = (content: string) => ({ role: "developer" as const, content });

/** A host, and an assistant with these tools whose model gives these answers; both run. */
export async function talk(tools: ToolsOf, ...answers: readonly (readonly Step[])[]) {
  const model = new ScriptedModel(...answers);
  let host!: Host;
  let assistant!: ScriptedAgent;
  const running = await Running.with(({ bus }) => {
    host = new Host({ bus });
    assistant = new ScriptedAgent("assistant", { bus, model, tools });
    return [host, assistant];
  });
  const activate = async (args?: Record<string, unknown>) => {
    const activated = new Promise<void>((resolve) => assistant.once("activated", () => resolve()));
    await host.activateAgent("assistant", { args });
    await activated;
  };
  return { running, host, assistant, model, activate };
}
