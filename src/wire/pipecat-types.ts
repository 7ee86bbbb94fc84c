import type { BusMessage, BusMessageInit } from "../bus/index.ts";
import { flag, integer, json, listOf, optional, text } from "./kinds.ts";
import { messageType } from "./message-type.ts";
import {
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
import { fields } from "./shape.ts";
import type { WireType } from "./type-table.ts";

const module = "pipecat.bus.messages.";
const uiModule = "pipecat.bus.ui.messages.";
const job = { jobId: ["job_id", text] } as const;
const at = { at: ["at", integer] } as const;

/** The messages that only the successor has. */
export function pipecatMessageTypes(): readonly WireType<BusMessage>[] {
  return [
    messageType(`${module}BusMessage`, PipecatBusMessage),
    messageType(
      `${module}BusTTSSpeakMessage`,
      BusTTSSpeakMessage,
      fields<BusTTSSpeakMessageInit, BusMessageInit>({
        text: ["text", text],
        appendToContext: ["append_to_context", optional(flag)],
      }),
    ),
    messageType(
      `${uiModule}BusUIEventMessage`,
      BusUIEventMessage,
      fields<BusUIEventMessageInit, BusMessageInit>({ eventName: ["event_name", text], payload: ["payload", json] }),
    ),
    messageType(
      `${uiModule}BusUICommandMessage`,
      BusUICommandMessage,
      fields<BusUICommandMessageInit, BusMessageInit>({
        commandName: ["command_name", text],
        payload: ["payload", json],
      }),
    ),
    messageType(
      `${uiModule}BusUIJobGroupStartedMessage`,
      BusUIJobGroupStartedMessage,
      fields<BusUIJobGroupStartedMessageInit, BusMessageInit>({
        ...job,
        workers: ["workers", optional(listOf(text))],
        label: ["label", optional(text)],
        cancellable: ["cancellable", optional(flag)],
        ...at,
      }),
    ),
    messageType(
      `${uiModule}BusUIJobUpdateMessage`,
      BusUIJobUpdateMessage,
      fields<BusUIJobUpdateMessageInit, BusMessageInit>({
        ...job,
        workerName: ["worker_name", text],
        data: ["data", json],
        ...at,
      }),
    ),
    messageType(
      `${uiModule}BusUIJobCompletedMessage`,
      BusUIJobCompletedMessage,
      fields<BusUIJobCompletedMessageInit, BusMessageInit>({
        ...job,
        workerName: ["worker_name", text],
        status: ["status", text],
        response: ["response", json],
        ...at,
      }),
    ),
    messageType(
      `${uiModule}BusUIJobGroupCompletedMessage`,
      BusUIJobGroupCompletedMessage,
      fields<BusUIJobMessageInit, BusMessageInit>({ ...job, ...at }),
    ),
  ];
}
