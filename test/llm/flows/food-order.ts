import { type BaseAgentOptions, BusBridgeProcessor, type FrameProcessor, Pipeline } from "trunkline";
import {
  createContextAggregators,
  defineFlow,
  type FlowCall,
  type FlowDefinition,
  FlowsAgent,
  flowFunction,
  LLMService,
} from "trunkline/llm";
import { z } from "zod";
import { Running } from "../../support/running.ts";
import { developer, Host } from "../conversation.ts";
import { Recorder } from "../harness.ts";
import { ScriptedModel, type Step } from "../scripted-model.ts";

export interface Order {
  readonly items: string[];
  paid: boolean;
}

export const anything = z.object({});

/** A function that goes to a node and does nothing else. */
export const leadTo = <const Name extends string>(next: Name) =>
  flowFunction({ description: "", parameters: anything, leadsTo: [next], execute: () => ({ next }) });

export const chooseDish = flowFunction({
  description: "Take the order.",
  parameters: z.object({ dish: z.string() }),
  leadsTo: ["drink"],
  execute: ({ dish }, { flow }: FlowCall<Order>) => {
    flow.state.items.push(dish);
    return { result: { ordered: dish }, next: "drink" };
  },
});

export const addDrink = flowFunction({
  description: "Add a drink.",
  parameters: z.object({ drink: z.string() }),
  execute: async ({ drink }, { flow }: FlowCall<Order>) => {
    flow.state.items.push(drink);
    return { result: { count: flow.state.items.length } };
  },
});

const pay = flowFunction({
  description: "Take the money.",
  parameters: anything,
  leadsTo: ["goodbye"],
  execute: (_, { flow }: FlowCall<Order>) => {
    flow.state.paid = true;
    return { next: "goodbye" };
  },
});

/** Four nodes: the dish, the drink, the bill, the goodbye. */
export const foodOrder = defineFlow({
  initial: "dish",
  state: (): Order => ({ items: [], paid: false }),
  nodes: {
    dish: {
      roleMessages: [developer("You take orders.")],
      taskMessages: [developer("Ask for the dish.")],
      functions: { chooseDish },
    },
    drink: {
      taskMessages: [developer("Ask for drinks.")],
      functions: { addDrink, noMore: leadTo("bill") },
    },
    bill: {
      taskMessages: ({ items }) => [developer(`Ask for payment of ${items.join(" and ")}.`)],
      functions: { pay, changeOrder: leadTo("dish") },
    },
    goodbye: { taskMessages: [developer("Say goodbye.")] },
  },
});

/** A host that also notes what has become part of the conversation. */
export class Listener extends Host {
  readonly remembered = new Recorder();

  /** What stands between the bridge and the output. */
  get voice(): readonly FrameProcessor[] {
    return [];
  }

  override buildPipeline(): Pipeline {
    const { user, assistant } = createContextAggregators(this.context);
    const bridge = new BusBridgeProcessor({ bus: this.bus, agentName: this.name });
    return new Pipeline([user, bridge, ...this.voice, this.output, assistant, this.remembered]);
  }
}

export class FlowAgent<State> extends FlowsAgent<State> {
  readonly flow: FlowDefinition<State>;
  readonly model: ScriptedModel;
  readonly service: LLMService;

  constructor(
    name: string,
    options: BaseAgentOptions & { readonly model: ScriptedModel; readonly flow: FlowDefinition<State> },
  ) {
    super(name, options as { readonly bus: BaseAgentOptions["bus"]; readonly active?: boolean });
    this.flow = options.flow;
    this.model = options.model;
    this.service = new LLMService({ model: this.model });
  }

  override buildLLM(): LLMService {
    return this.service;
  }

  /** The tools the model was offered with each question. */
  get offered(): readonly string[] {
    return this.model.asked.map(({ tools = [] }) => tools.map(({ name }) => name).join(" "));
  }
}

/** A host and an agent with this flow, whose model gives these answers; the agent is active. */
export async function play<State>(flow: FlowDefinition<State>, ...answers: readonly (readonly Step[])[]) {
  return playAt(({ bus }) => new Listener({ bus }), flow, ...answers);
}

/** The same with a host of another kind. */
export async function playAt<State, Kind extends Listener>(
  hostOf: (options: Pick<BaseAgentOptions, "bus">) => Kind,
  flow: FlowDefinition<State>,
  ...answers: readonly (readonly Step[])[]
) {
  const model = new ScriptedModel(...answers);
  let host!: Kind;
  let agent!: FlowAgent<State>;
  const running = await Running.with(({ bus }) => {
    host = hostOf({ bus });
    agent = new FlowAgent("guide", { bus, model, flow, active: true });
    return [host, agent];
  });
  return { running, host, agent, model };
}

export const call = (name: string, args: Record<string, unknown> = {}, id = name): Step => ({ call: name, id, args });
