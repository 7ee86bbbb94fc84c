import {
  BusActivateAgentMessage,
  BusAddAgentMessage,
  BusAgentErrorMessage,
  BusAgentGoneMessage,
  BusAgentLocalErrorMessage,
  BusAgentReadyMessage,
  BusAgentRegistryMessage,
  BusCancelAgentMessage,
  BusCancelMessage,
  BusDataMessage,
  BusDeactivateAgentMessage,
  BusEndAgentMessage,
  BusEndMessage,
  BusFrameMessage,
  BusMessage,
  type BusMessageClass,
  BusRunnerHeartbeatMessage,
  BusSystemMessage,
  BusTaskCancelMessage,
  BusTaskRequestMessage,
  BusTaskResponseMessage,
  BusTaskResponseUrgentMessage,
  BusTaskStreamDataMessage,
  BusTaskStreamEndMessage,
  BusTaskStreamStartMessage,
  BusTaskUpdateMessage,
  BusTaskUpdateRequestMessage,
  BusTaskUpdateUrgentMessage,
} from "../../src/bus/index.ts";
import { TextFrame } from "../../src/frames/index.ts";
import type { Described } from "./gate-model.ts";

const status = "completed" as const;
/** Every type of the model, by its name there, as a message. */
export const builders: Readonly<Record<string, (d: Described) => BusMessage>> = {
  Frame: (d) => new BusFrameMessage({ ...d, frame: new TextFrame({ text: "" }), direction: "downstream" }),
  Activate: (d) => new BusActivateAgentMessage(d),
  Deactivate: (d) => new BusDeactivateAgentMessage(d),
  End: (d) => new BusEndMessage(d),
  EndAgent: (d) => new BusEndAgentMessage(d),
  Cancel: (d) => new BusCancelMessage(d),
  CancelAgent: (d) => new BusCancelAgentMessage(d),
  AddAgent: (d) => new BusAddAgentMessage({ ...d, agent: { name: "x" } }),
  LocalError: (d) => new BusAgentLocalErrorMessage({ ...d, error: "x" }),
  Error: (d) => new BusAgentErrorMessage({ ...d, error: "x" }),
  Ready: (d) => new BusAgentReadyMessage({ ...d, runner: "r", active: true, bridged: true }),
  Registry: (d) => new BusAgentRegistryMessage({ ...d, runner: "r", agents: d.about.map(entry) }),
  Gone: (d) => new BusAgentGoneMessage({ ...d, runner: "r", agents: d.about }),
  Heartbeat: (d) => new BusRunnerHeartbeatMessage({ ...d, runner: "r", intervalMs: 5_000 }),
  Request: (d) => new BusTaskRequestMessage(d),
  Response: (d) => new BusTaskResponseMessage({ ...d, status }),
  ResponseUrgent: (d) => new BusTaskResponseUrgentMessage({ ...d, status }),
  Update: (d) => new BusTaskUpdateMessage(d),
  UpdateUrgent: (d) => new BusTaskUpdateUrgentMessage(d),
  Ask: (d) => new BusTaskUpdateRequestMessage(d),
  TaskCancel: (d) => new BusTaskCancelMessage(d),
  StreamStart: (d) => new BusTaskStreamStartMessage(d),
  StreamData: (d) => new BusTaskStreamDataMessage(d),
  StreamEnd: (d) => new BusTaskStreamEndMessage(d),
};

/** What may be named in `forwardMessages`. */
export const forwardable: Readonly<Record<string, BusMessageClass>> = {
  Frame: BusFrameMessage,
  Ready: BusAgentReadyMessage,
  End: BusEndMessage,
  Request: BusTaskRequestMessage,
  Response: BusTaskResponseMessage,
  Data: BusDataMessage,
  System: BusSystemMessage,
  Any: BusMessage,
};

/** What a registry says of an agent. */
export function entry(name: string) {
  return { name, active: true, bridged: false };
}

/** Who may be talking: the two of the link, others on either side, and nobody's agent. */
export const names = ["acme", "bob", "assistant", "carol", "stranger"];

/** Types that depend on what has crossed before, to be drawn more often. */
export const taskTypes = ["Request", "Response", "Update", "StreamEnd", "TaskCancel"];
