import {
  type AgentEntry,
  BusActivateAgentMessage,
  type BusActivateAgentMessageInit,
  BusAgentErrorMessage,
  type BusAgentErrorMessageInit,
  BusAgentGoneMessage,
  type BusAgentGoneMessageInit,
  BusAgentReadyMessage,
  type BusAgentReadyMessageInit,
  BusAgentRegistryMessage,
  type BusAgentRegistryMessageInit,
  BusCancelAgentMessage,
  BusCancelMessage,
  BusDataMessage,
  BusDeactivateAgentMessage,
  BusEndAgentMessage,
  BusEndMessage,
  BusFrameMessage,
  type BusFrameMessageInit,
  type BusMessage,
  type BusMessageInit,
  type BusReasonInit,
  BusRunnerHeartbeatMessage,
  type BusRunnerHeartbeatMessageInit,
  BusSystemMessage,
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
} from "../bus/index.ts";
import type { Frame } from "../frames/index.ts";
import type { Vocabulary } from "./dialect.ts";
import {
  direction,
  flag,
  json,
  jsonObject,
  type Kind,
  listOf,
  moment,
  number,
  oneOf,
  optional,
  text,
} from "./kinds.ts";
import { messageType } from "./message-type.ts";
import { fields, taggedRecord } from "./shape.ts";
import type { WireType } from "./type-table.ts";

const status = oneOf<TaskStatus>("completed", "cancelled", "failed", "error");
const reason = fields<BusReasonInit, BusMessageInit>({ reason: ["reason", optional(text)] });
const error = fields<BusAgentErrorMessageInit, BusMessageInit>({ error: ["error", text] });

const frame: Kind<Frame> = {
  write: (value, scope) => scope.frames.write(value, scope),
  read: (value, scope) => scope.frames.read(value, scope),
};

const frameFields = fields<BusFrameMessageInit, BusMessageInit>({
  frame: ["frame", frame],
  direction: ["direction", direction],
  bridge: ["bridge", optional(text)],
});

type Args = NonNullable<BusActivateAgentMessageInit["args"]>;

/**
 * User data, but for one key that agents on both sides act on: a Python LLM agent looks for `run_llm`, ours for
 * `runLlm`. Nothing else is renamed, at the top or below.
 */
const activationArgs: Kind<Args> = {
  write: (value, scope) => rename(jsonObject.write(value, scope) as Args, "runLlm", "run_llm"),
  read: (value, scope) => rename(jsonObject.read(value, scope), "run_llm", "runLlm"),
};

function rename(args: Args, from: string, to: string): Args {
  if (args[from] === undefined) return args;
  const renamed: Record<string, unknown> = {};
  for (const key of Object.keys(args)) {
    if (key !== to) renamed[key === from ? to : key] = args[key];
  }
  return renamed;
}

const agentFields = {
  parent: ["parent", optional(text)],
  active: ["active", flag],
  bridged: ["bridged", flag],
  startedAt: ["started_at", optional(moment)],
} as const;

const agentEntry = taggedRecord<AgentEntry>(
  ({ vocabulary }) => vocabulary.agentEntry,
  fields<AgentEntry>({ name: ["name", text], ...agentFields }),
);

/** Every message of the bus that may leave the process, under its name in one dialect. */
export function messageTypes(vocabulary: Vocabulary): readonly WireType<BusMessage>[] {
  const { module, agent, agents } = vocabulary;
  return [
    messageType(`${module}BusDataMessage`, BusDataMessage),
    messageType(`${module}BusSystemMessage`, BusSystemMessage),
    messageType(`${module}BusFrameMessage`, BusFrameMessage, frameFields),
    messageType(
      `${module}BusActivate${agent}Message`,
      BusActivateAgentMessage,
      fields<BusActivateAgentMessageInit, BusMessageInit>({ args: ["args", optional(activationArgs)] }),
    ),
    messageType(`${module}BusDeactivate${agent}Message`, BusDeactivateAgentMessage),
    messageType(`${module}BusEndMessage`, BusEndMessage, reason),
    messageType(`${module}BusEnd${agent}Message`, BusEndAgentMessage, reason),
    messageType(`${module}BusCancelMessage`, BusCancelMessage, reason),
    messageType(`${module}BusCancel${agent}Message`, BusCancelAgentMessage, reason),
    messageType(
      `${module}Bus${agent}RegistryMessage`,
      BusAgentRegistryMessage,
      fields<BusAgentRegistryMessageInit, BusMessageInit>({
        runner: ["runner", text],
        agents: [agents, listOf(agentEntry)],
      }),
    ),
    messageType(
      `${module}Bus${agent}ReadyMessage`,
      BusAgentReadyMessage,
      fields<BusAgentReadyMessageInit, BusMessageInit>({ runner: ["runner", text], ...agentFields }),
    ),
    // Ours alone: a Python peer reports a type it does not know, and goes on.
    messageType(
      "trunkline.BusAgentGoneMessage",
      BusAgentGoneMessage,
      fields<BusAgentGoneMessageInit, BusMessageInit>({
        runner: ["runner", text],
        agents: ["agents", listOf(text)],
        reason: ["reason", optional(text)],
      }),
    ),
    messageType(
      "trunkline.BusRunnerHeartbeatMessage",
      BusRunnerHeartbeatMessage,
      fields<BusRunnerHeartbeatMessageInit, BusMessageInit>({
        runner: ["runner", text],
        intervalMs: ["interval_ms", number],
      }),
    ),
    messageType(`${module}Bus${agent}ErrorMessage`, BusAgentErrorMessage, error),
    ...taskMessageTypes(vocabulary),
  ];
}

function taskMessageTypes({ module, task, taskId, taskName }: Vocabulary): readonly WireType<BusMessage>[] {
  const id = { taskId: [taskId, text] } as const;
  const response = fields<BusTaskResponseMessageInit, BusMessageInit>({
    ...id,
    status: ["status", status],
    response: ["response", json],
  });
  const update = fields<BusTaskUpdateMessageInit, BusMessageInit>({ ...id, update: ["update", json] });
  const stream = fields<BusTaskStreamMessageInit, BusMessageInit>({ ...id, data: ["data", json] });
  const name = (rest: string) => `${module}Bus${task}${rest}Message`;
  return [
    messageType(
      name("Request"),
      BusTaskRequestMessage,
      fields<BusTaskRequestMessageInit, BusMessageInit>({
        ...id,
        taskName: [taskName, optional(text)],
        payload: ["payload", json],
      }),
    ),
    messageType(name("Response"), BusTaskResponseMessage, response),
    messageType(name("ResponseUrgent"), BusTaskResponseUrgentMessage, response),
    messageType(name("Update"), BusTaskUpdateMessage, update),
    messageType(name("UpdateUrgent"), BusTaskUpdateUrgentMessage, update),
    messageType(name("UpdateRequest"), BusTaskUpdateRequestMessage, fields<BusTaskMessageInit, BusMessageInit>(id)),
    messageType(
      name("Cancel"),
      BusTaskCancelMessage,
      fields<BusTaskCancelMessageInit, BusMessageInit>({ ...id, reason: ["reason", optional(text)] }),
    ),
    messageType(name("StreamStart"), BusTaskStreamStartMessage, stream),
    messageType(name("StreamData"), BusTaskStreamDataMessage, stream),
    messageType(name("StreamEnd"), BusTaskStreamEndMessage, stream),
  ];
}
