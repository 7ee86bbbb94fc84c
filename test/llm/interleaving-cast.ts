import {
  type AgentBus,
  BaseAgent,
  BusBridgeProcessor,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  InterruptionFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  Pipeline,
} from "trunkline";
import {
  type ContextLimit,
  createContextAggregators,
  defineFlow,
  type FlowDefinition,
  FlowsAgent,
  flowFunction,
  LLMAgent,
  LLMContext,
  LLMService,
  type Tool,
  tool,
} from "trunkline/llm";
import { ScriptedModel, type ScriptedRequest } from "trunkline/testing";
import { turns } from "../support/settled.ts";
import { anything, developer } from "./conversation.ts";
import type { Script } from "./interleaving-script.ts";

interface MemberOptions {
  readonly bus: AgentBus;
  readonly other?: string | undefined;
  readonly active: boolean;
}

/** What the agents here have in common: their tools, and how they hand over. */
class Part {
  readonly #agent: LLMAgent;
  readonly #script: Script;
  readonly #other: string | undefined;
  #leaving = 0;

  constructor(agent: LLMAgent, script: Script, other: string | undefined) {
    this.#agent = agent;
    this.#script = script;
    this.#other = other;
  }

  get tools(): Readonly<Record<string, Tool>> {
    const does = (execute: () => unknown, cancelOnInterruption = false) =>
      tool({ description: "", parameters: anything, cancelOnInterruption, execute });
    const later = () => this.#script.wait().then(() => "done");
    return {
      steady: does(later),
      quick: does(later, true),
      instant: does(() => "at once"),
      lead: does(() => "nowhere"),
      leadLater: does(later),
      transfer: does(() => this.leave(false)),
      farewell: does(() => this.leave(true)),
    };
  }

  get service(): LLMService {
    const { name } = this.#agent;
    const answers = Array.from({ length: 200 }, () => (request: ScriptedRequest) => this.#script.answer(request, name));
    return new LLMService({ model: new ScriptedModel(answers), systemInstruction: name });
  }

  async leave(lastWords: boolean): Promise<void> {
    if (this.#other === undefined) return;
    const script = this.#script;
    if (lastWords) script.lastWords += 1;
    // Of two handoffs at once the later one may come when the conversation is somewhere else already.
    const briefing = this.#leaving > 0 ? developer("Go on.") : script.briefing();
    if (this.#leaving > 0) script.unowed += 1;
    this.#leaving += 1;
    try {
      await this.#agent.handoffTo(this.#other, {
        ...(lastWords && { messages: [developer("Say goodbye.")] }),
        activationArgs: { messages: [briefing] },
      });
    } finally {
      this.#leaving -= 1;
    }
  }
}

export class Member extends LLMAgent {
  readonly part: Part;

  constructor(name: string, script: Script, options: MemberOptions) {
    super(name, options);
    this.part = new Part(this, script, options.other);
    this.tools = this.part.tools;
  }

  override buildLLM(): LLMService {
    return this.part.service;
  }
}

/** Goes round in three nodes. */
export class FlowMember extends FlowsAgent<undefined> {
  readonly part: Part;
  override readonly flow: FlowDefinition<undefined>;

  constructor(name: string, script: Script, options: MemberOptions) {
    super(name, options);
    this.part = new Part(this, script, options.other);
    this.tools = this.part.tools;
    const node = (next: "a" | "b" | "c") => {
      const leadsTo = [next];
      const functions = {
        lead: flowFunction({ description: "", parameters: anything, leadsTo, execute: () => ({ next }) }),
        leadLater: flowFunction({
          description: "",
          parameters: anything,
          leadsTo,
          execute: () => script.wait().then(() => ({ next })),
        }),
      };
      return { taskMessages: () => [script.task()], functions };
    };
    this.flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: { a: node("b"), b: node("c"), c: node("a") },
    });
  }

  override buildLLM(): LLMService {
    return this.part.service;
  }
}

/** Stands behind the assistant aggregator: notes each word, and whether it has to be in the conversation. */
class Listener extends FrameProcessor {
  readonly owed: string[] = [];
  #broken = true;

  override process(frame: Frame, direction: FrameDirection) {
    if (frame instanceof InterruptionFrame) this.#broken = true;
    else if (frame instanceof LLMFullResponseStartFrame) this.#broken = false;
    else if (frame instanceof LLMTextFrame && !this.#broken) this.owed.push(frame.text.trim());
    return this.push(frame, direction);
  }
}

/** Keeps every word, and lets the conversation go on meanwhile. */
const limit: ContextLimit = {
  maxMessages: 8,
  keepLast: 2,
  summarize: async (messages) => {
    await turns(1);
    return messages.map((message) => ("__specific__" in message ? "" : (message.content ?? ""))).join(" ");
  },
};

export class Host extends BaseAgent {
  readonly context = new LLMContext();
  readonly listener = new Listener();

  override buildPipeline(): Pipeline {
    const { user, assistant } = createContextAggregators(this.context, { lateWordsMs: 1, limit });
    const bridge = new BusBridgeProcessor({ bus: this.bus, agentName: this.name });
    return new Pipeline([user, bridge, assistant, this.listener]);
  }
}
