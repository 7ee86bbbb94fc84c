import type { Frame, FrameDirection, LLMContextMessage } from "../../frames/index.ts";
import type { LLMEndOptions, LLMHandoffOptions } from "../llm-agent.ts";
import type { ToolCall } from "../tool.ts";
import type { ContextStrategy } from "./context-strategy.ts";

/** A flow that runs, as its functions and actions see it. */
export interface FlowRun<out State> {
  /** What the flow has learned; the same object for as long as the agent lives. */
  readonly state: State;
  /** Name of the node it is in. */
  readonly node: string;
  /** Queues a frame in the pipeline of the agent that runs the flow. */
  queueFrame(frame: Frame, direction?: FrameDirection): Promise<void>;
  /** Ends the whole session, as `LLMAgent.end` does. */
  end(options?: LLMEndOptions): Promise<void>;
  /** Hands the conversation to another agent, as `LLMAgent.handoffTo` does. */
  handoffTo(agentName: string, options?: LLMHandoffOptions): Promise<void>;
}

/** What a flow's function learns about the call it answers. */
export interface FlowCall<State> extends ToolCall {
  readonly flow: FlowRun<State>;
}

/** What a flow's function returns; nothing at all is an empty result and no transition. */
export interface FlowStep<out Next extends string = string, State = never> {
  /** What the model is told: plain JSON, or nothing. */
  readonly result?: unknown;
  /** The node to go to: a name, or a node made just now. Default: the flow stays where it is. */
  readonly next?: Next | NamedFlowNode<State> | undefined;
}

/** Something the model can do in a node; made by {@link flowFunction}. */
export interface FlowFunction<State = unknown, out Next extends string = string> {
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number | undefined;
  readonly cancelOnInterruption: boolean;
  /** The nodes it may go to, for the checks of a definition and for its diagram. */
  readonly leadsTo: readonly Next[];
  /** Validates the arguments and does the work. */
  readonly run: (args: unknown, call: FlowCall<State>) => Promise<FlowStep<Next, State>>;
}

/** The functions of a node or a flow, by the names the model calls them by. */
export type FlowFunctions<State, Next extends string = string> = Readonly<Record<string, FlowFunction<State, Next>>>;

/** Something done when a node is entered, or once it has had its first answer. */
export type FlowAction<State = unknown> = (flow: FlowRun<State>) => void | Promise<void>;

/** A step of a conversation. */
export interface FlowNode<State = unknown, Next extends string = string> {
  /** Who the model is. Kept by later nodes, also through a reset, until one brings others. Default: as before. */
  readonly roleMessages?: readonly LLMContextMessage[] | undefined;
  /** What the model is to do in this node; a function is asked when the node is entered. */
  readonly taskMessages: readonly LLMContextMessage[] | ((state: State) => readonly LLMContextMessage[]);
  /** What the model can do here, beside the global functions. Default: nothing. */
  readonly functions?: FlowFunctions<State, Next> | undefined;
  /** What becomes of the conversation so far. Default: the flow's strategy. */
  readonly contextStrategy?: ContextStrategy | undefined;
  /** Done one after the other before the node's messages reach the conversation. Default: nothing. */
  readonly preActions?: readonly FlowAction<State>[] | undefined;
  /** Done one after the other once the first answer in this node has left. Default: nothing. */
  readonly postActions?: readonly FlowAction<State>[] | undefined;
  /** Whether the model speaks first; otherwise it waits for the user. Default true. */
  readonly respondImmediately?: boolean | undefined;
}

/** A node that is not in the definition. */
export interface NamedFlowNode<State = unknown> extends FlowNode<State> {
  readonly name: string;
}

/** A node, or a function that makes it each time it is entered. */
export type FlowNodeSource<State = unknown, Next extends string = string> =
  | FlowNode<State, Next>
  | ((flow: FlowRun<State>) => FlowNode<State, Next>);
