export type { WireDialect } from "./dialect.ts";
export { JSONMessageSerializer } from "./json-message-serializer.ts";
export type { MessageSerializer } from "./message-serializer.ts";
export { OpaqueFrame, type OpaqueInit, OpaqueMessage } from "./opaque.ts";
export type { JSONMessageSerializerOptions, MessageRejection, RejectionReason } from "./options.ts";
export {
  BusTTSSpeakMessage,
  type BusTTSSpeakMessageInit,
  BusUICommandMessage,
  type BusUICommandMessageInit,
  BusUIEventMessage,
  type BusUIEventMessageInit,
  BusUIJobCompletedMessage,
  type BusUIJobCompletedMessageInit,
  BusUIJobGroupCompletedMessage,
  BusUIJobGroupStartedMessage,
  type BusUIJobGroupStartedMessageInit,
  type BusUIJobMessageInit,
  BusUIJobUpdateMessage,
  type BusUIJobUpdateMessageInit,
  PipecatBusMessage,
} from "./pipecat-messages.ts";
export type { TypeRegistration } from "./registered-type.ts";
