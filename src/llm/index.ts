export type { LLMActivationArgs } from "./activation-args.ts";
export {
  type AssistantTurnData,
  LLMAssistantAggregator,
  type LLMAssistantAggregatorEvents,
} from "./assistant-aggregator.ts";
export {
  type ContextAggregators,
  type ContextAggregatorsOptions,
  createContextAggregators,
} from "./context-aggregators.ts";
export type { ContextLimit, SummarizeContext } from "./context-limit.ts";
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
  ttsSay,
} from "./flows/index.ts";
export {
  type HeldFrame,
  LLMAgent,
  type LLMAgentOptions,
  type LLMEndOptions,
  type LLMHandoffOptions,
} from "./llm-agent.ts";
export { type AnswerOptions, LLMContextAgent, type LLMContextAgentOptions } from "./llm-context-agent.ts";
export { LLMService } from "./llm-service.ts";
export type { LLMServiceOptions } from "./llm-service-options.ts";
export { type McpClient, type McpRequestOptions, type McpToolsOptions, mcpTools } from "./mcp/index.ts";
export type {
  AnswerEvent,
  AnswerRequest,
  AnswerUsage,
  LanguageModel,
  ModelCallOptions,
  ModelSettings,
  PromptFile,
  PromptFileData,
  PromptMessage,
  PromptReasoning,
  PromptText,
  PromptToolCall,
  PromptToolChoice,
  PromptToolResult,
  ProviderOptions,
} from "./model.ts";
export { type PromptOptions, type PromptResult, toPrompt } from "./prompt.ts";
export type { RetryClock } from "./retry.ts";
export { type SummarizeWithModelOptions, summarizeWithModel } from "./summarize-with-model.ts";
export type { Summarize } from "./summary.ts";
export { type Tool, type ToolCall, type ToolOptions, type ToolParameters, tool } from "./tool.ts";
export {
  LLMUserAggregator,
  type LLMUserAggregatorEvents,
  type LLMUserAggregatorOptions,
  type UserTurnData,
} from "./user-aggregator.ts";
