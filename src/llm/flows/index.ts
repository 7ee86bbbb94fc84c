export { endConversation, ttsSay } from "./actions.ts";
export {
  type ContextStrategy,
  type ResetWithSummary,
  type ResetWithSummaryOptions,
  resetWithSummary,
} from "./context-strategy.ts";
export { defineFlow, type FlowDefinition } from "./define-flow.ts";
export { flowDiagram } from "./flow-diagram.ts";
export { type FlowFunctionOptions, flowFunction } from "./flow-function.ts";
export type {
  FlowAction,
  FlowCall,
  FlowFunction,
  FlowFunctions,
  FlowNode,
  FlowNodeSource,
  FlowRun,
  FlowStep,
  NamedFlowNode,
} from "./flow-node.ts";
export { FlowsAgent } from "./flows-agent.ts";
