export { AgentBus, type AgentBusEvents } from "./agent-bus.ts";
export {
  type AgentEntry,
  BusAgentErrorMessage,
  type BusAgentErrorMessageInit,
  BusAgentGoneMessage,
  type BusAgentGoneMessageInit,
  BusAgentLocalErrorMessage,
  BusAgentReadyMessage,
  type BusAgentReadyMessageInit,
  BusAgentRegistryMessage,
  type BusAgentRegistryMessageInit,
  BusRunnerHeartbeatMessage,
  type BusRunnerHeartbeatMessageInit,
} from "./discovery-messages.ts";
export { BusFrameMessage, type BusFrameMessageInit } from "./frame-message.ts";
export {
  type ActivationArgs,
  BusActivateAgentMessage,
  type BusActivateAgentMessageInit,
  BusAddAgentMessage,
  type BusAddAgentMessageInit,
  BusCancelAgentMessage,
  BusCancelMessage,
  BusDeactivateAgentMessage,
  BusEndAgentMessage,
  BusEndMessage,
  type BusReasonInit,
  type NamedAgent,
} from "./lifecycle-messages.ts";
export { LocalBus } from "./local-bus.ts";
export {
  BusDataMessage,
  BusLocalMessage,
  BusMessage,
  type BusMessageClass,
  type BusMessageInit,
  type BusPriority,
  BusSystemMessage,
  isLocal,
  priorityOf,
} from "./message.ts";
export type { BusSubscriber, HandlerFailure, SubscribeOptions, SubscriptionState } from "./subscription.ts";
export {
  BusTaskCancelMessage,
  type BusTaskCancelMessageInit,
  type BusTaskMessageInit,
  BusTaskRequestMessage,
  type BusTaskRequestMessageInit,
  BusTaskResponseMessage,
  type BusTaskResponseMessageInit,
  BusTaskResponseUrgentMessage,
  BusTaskStreamDataMessage,
  BusTaskStreamEndMessage,
  type BusTaskStreamMessageInit,
  BusTaskStreamStartMessage,
  BusTaskUpdateMessage,
  type BusTaskUpdateMessageInit,
  BusTaskUpdateRequestMessage,
  BusTaskUpdateUrgentMessage,
  type TaskStatus,
} from "./task-messages.ts";
