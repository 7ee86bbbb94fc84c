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
import type { Described, World } from "../proxy/gate-model.ts";
import type { Dice } from "./dice.ts";

const status = "completed" as const;

/** Every type of the model, by its name there, as a message. */
const builders: Readonly<Record<string, (d: Described) => BusMessage>> = {
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

const types = Object.keys(builders);
const taskTypes = ["Request", "Response", "Update", "StreamEnd", "TaskCancel"];
const discovery = ["Ready", "Registry", "Gone"];
const names = ["acme", "bob", "assistant", "carol", "stranger"];

/** A message, as the model knows it and as it is. */
export interface Drawn {
  readonly described: Described;
  readonly message: BusMessage;
}

export function drawWorld(dice: Dice): World {
  const some = Object.keys(forwardable).filter(() => dice.chance(0.3));
  const forward = dice.chance(0.5) ? ["Frame"] : some;
  if (dice.chance(0.5))
    return { side: "client", forward, here: "acme", there: "assistant", livesHere: ["acme", "bob"] };
  return { side: "server", forward, here: "assistant", there: "acme", livesHere: ["assistant", "carol"] };
}

export function draw(dice: Dice): Drawn {
  const described: Described = {
    type: dice.chance(0.5) ? dice.pick(types) : dice.pick(taskTypes),
    source: dice.pick(names),
    target: dice.chance(0.2) ? undefined : dice.pick(names),
    taskId: dice.pick(["1", "2"]),
    about: names.filter(() => dice.chance(0.3)),
  };
  const build = builders[described.type];
  if (build === undefined) throw new Error(`There is no builder for ${described.type}.`);
  return { described, message: build(described) };
}

/** Which of these two lanes it is in. Within one, order is kept. */
export const isUrgent = ({ message }: Drawn): boolean => message instanceof BusSystemMessage;

/** What is announced is made something of by the proxy, and is not put on the bus as it came. */
export const isAnnouncement = ({ described }: Drawn): boolean => discovery.includes(described.type);

/** What there is to see of a message, after a registry was cut down to one agent. */
export function seen(message: BusMessage): string {
  const { source, target } = message;
  const taskId = "taskId" in message ? message.taskId : "";
  const agents = message instanceof BusAgentRegistryMessage ? message.agents.map(({ name }) => name) : "";
  return `${message.constructor.name} ${source} to ${target} ${taskId} ${agents}`;
}

/** What is to be seen of it when it has crossed. */
export function expected({ message }: Drawn, vouched: string): string {
  if (!(message instanceof BusAgentRegistryMessage)) return seen(message);
  const { source, target, runner } = message;
  return seen(new BusAgentRegistryMessage({ source, target, runner, agents: [entry(vouched)] }));
}

function entry(name: string) {
  return { name, active: true, bridged: false };
}
