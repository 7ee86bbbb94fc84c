export type { LLMActivationArgs } from "./activation-args.ts";
export { LLMAssistantAggregator } from "./assistant-aggregator.ts";
export { type ContextAggregators, createContextAggregators } from "./context-aggregators.ts";
export {
  type ContextStrategy,
  defineFlow,
  endConversation,
  type FlowAction,
  type FlowCall,
  type FlowDefinition,
  type FlowFunction,
  type FlowFunctionOptions,
  type FlowFunctions,
  type FlowNode,
  type FlowNodeSource,
  type FlowRun,
  type FlowStep,
  FlowsAgent,
  flowDiagram,
  flowFunction,
  type NamedFlowNode,
  type ResetWithSummary,
  type ResetWithSummaryOptions,
  resetWithSummary,
  type Summarize,
  type SummarizeWithModelOptions,
  summarizeWithModel,
  ttsSay,
} from "./flows/index.ts";
export { LLMAgent, type LLMAgentOptions, type LLMEndOptions, type LLMHandoffOptions } from "./llm-agent.ts";
export { LLMService, type LLMServiceOptions } from "./llm-service.ts";
export {
  type AnswerEvent,
  type AnswerRequest,
  type AnswerUsage,
  type LanguageModel,
  type ModelCallOptions,
  type ModelSettings,
  type PromptFile,
  type PromptMessage,
  type PromptText,
  type PromptToolCall,
  type PromptToolChoice,
  type PromptToolResult,
  type ProviderOptions,
  streamAnswer,
} from "./model.ts";
export { type PromptOptions, type PromptResult, toPrompt } from "./prompt.ts";
export { type Tool, type ToolCall, type ToolOptions, type ToolParameters, tool } from "./tool.ts";
export { LLMUserAggregator } from "./user-aggregator.ts";
