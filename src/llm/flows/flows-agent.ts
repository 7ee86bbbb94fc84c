import type { AgentEvents } from "../../agents/index.ts";
import type { LLMContextMessage } from "../../frames/index.ts";
import { Pipeline } from "../../pipeline/index.ts";
import { LLMAgent, type LLMEndOptions } from "../llm-agent.ts";
import type { LLMService } from "../llm-service.ts";
import type { FlowDefinition } from "./define-flow.ts";
import { FlowCourse } from "./flow-course.ts";
import type { FlowRun, NamedFlowNode } from "./flow-node.ts";

/**
 * An LLM agent that leads through a conversation in steps. In each node the model is told what to do there and is
 * offered the node's functions, the flow's global ones and the agent's own {@link LLMAgent.tools}.
 *
 * 1. The first activation enters the initial node, every later one the node to resume at. Messages of the activation
 *    come before the node's; with `runLlm: false` the node does not answer at once.
 * 2. A transition brings exactly one answer, the new node's.
 * 3. The state is kept while other agents have the conversation.
 *
 * @typeParam State - what the flow learns on its way
 * @typeParam Events - the events of a subclass that has more than those of every agent
 */
export abstract class FlowsAgent<State = unknown, Events extends AgentEvents = AgentEvents> extends LLMAgent<Events> {
  /** The conversation's steps. */
  abstract readonly flow: FlowDefinition<State>;
  readonly #ended = new AbortController();
  #course: FlowCourse<State> | undefined;
  #service: LLMService | undefined;
  #state: { readonly value: State } | undefined;
  #ending = false;

  /** What the flow knows. */
  get flowState(): State {
    this.#state ??= { value: this.flow.state() };
    return this.#state.value;
  }

  /** Name of the node the flow is in; undefined before the first activation. */
  get flowNode(): string | undefined {
    return this.#course?.node;
  }

  /**
   * Goes to a node from outside of the flow's functions, once none of them runs; an inactive agent goes there with its
   * next activation. Functions return `next` instead.
   * @throws TrunklineError `TL_FLOW_NODE_UNKNOWN`
   */
  goTo(next: string | NamedFlowNode<State>): void {
    this.#begun().goTo(next);
  }

  /**
   * The model and the flow around it. An override that needs more puts {@link createFlow} into its own pipeline, never
   * the model alone: the flow would not see its answers, and do no post-actions.
   */
  override buildPipeline(): Pipeline | Promise<Pipeline> {
    return this.createFlow();
  }

  /** Builds the service of this agent and what follows its answers. */
  protected createFlow(): Pipeline {
    const { above, below } = this.#begun().gate;
    return new Pipeline([above, this.createLLM(), below]);
  }

  protected override createLLM(): LLMService {
    this.#service = super.createLLM();
    return this.#service;
  }

  protected override async enterConversation(messages: readonly LLMContextMessage[], runLlm: boolean): Promise<void> {
    this.#begun().activate(messages, runLlm);
  }

  override async end(options: LLMEndOptions = {}): Promise<void> {
    this.#ending = true;
    await super.end(options);
  }

  override async onCleanup(): Promise<void> {
    await super.onCleanup();
    this.#ended.abort();
  }

  #begun(): FlowCourse<State> {
    this.#course ??= this.#begin();
    return this.#course;
  }

  #begin(): FlowCourse<State> {
    const agent = this;
    return new FlowCourse<State>({
      definition: agent.flow,
      flow: this.#run(),
      signal: this.#ended.signal,
      get tools() {
        return agent.tools;
      },
      get active() {
        return agent.active && agent.ready && !agent.#ending;
      },
      get conversation() {
        return agent.#service?.conversation ?? [];
      },
      get toolsIdle() {
        return agent.#service?.toolsIdle ?? Promise.resolve();
      },
      silenceToolCalls: () => this.#service?.silenceToolCalls(),
      replaceTools: (tools) => this.#service?.replaceTools(tools),
      queueFrame: (frame) => this.queueFrame(frame),
      report: (error) => this.report(error),
    });
  }

  #run(): FlowRun<State> {
    const agent = this;
    return {
      get state() {
        return agent.flowState;
      },
      get node() {
        return agent.flowNode ?? agent.flow.initial;
      },
      queueFrame: (frame, direction) => this.queueFrame(frame, direction),
      end: (options) => this.end(options),
      handoffTo: (agentName, options) => this.handoffTo(agentName, options),
    };
  }
}
