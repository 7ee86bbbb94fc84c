/**
 * The contract's two tables, read as data: rows over a plain description of a message. It shares no code and no
 * style with the gate, and knows the messages by name only.
 */
export interface Described {
  readonly type: string;
  readonly source: string;
  readonly target: string | undefined;
  readonly taskId: string;
  /** The agents a registry or gone message lists. */
  readonly about: readonly string[];
}

export interface World {
  readonly side: "client" | "server";
  readonly here: string;
  readonly there: string;
  readonly livesHere: readonly string[];
  readonly forward: readonly string[];
}

export interface Crossing {
  readonly direction: "out" | "in";
  readonly message: Described;
}

const kindOf = {
  data: [
    "Frame",
    "Activate",
    "Deactivate",
    "End",
    "EndAgent",
    "Ready",
    "Gone",
    "Request",
    "Response",
    "Update",
    "Ask",
    "Tick",
  ],
  moreData: ["StreamStart", "StreamData", "StreamEnd"],
  system: ["Cancel", "CancelAgent", "Registry", "Error", "ResponseUrgent", "UpdateUrgent", "TaskCancel", "Heartbeat"],
  local: ["AddAgent", "LocalError"],
};
const answers = ["Response", "ResponseUrgent", "Update", "UpdateUrgent", "StreamStart", "StreamData", "StreamEnd"];
const last = ["Response", "ResponseUrgent", "StreamEnd"];
const discovery = ["Ready", "Registry", "Gone"];
const control = ["End", "Cancel", "EndAgent", "CancelAgent"];
const amongRunners = ["Heartbeat"];

function isIn(forward: readonly string[], type: string): boolean {
  const ancestors = [type, "Any"];
  if (kindOf.data.includes(type) || kindOf.moreData.includes(type)) ancestors.push("Data");
  if (kindOf.system.includes(type) || kindOf.local.includes(type)) ancestors.push("System");
  return ancestors.some((name) => forward.includes(name));
}

function answersRequest(history: readonly Crossing[], requestWent: "out" | "in", answer: Described): boolean {
  if (!answers.includes(answer.type)) return false;
  let open = false;
  for (const { direction, message } of history) {
    if (message.taskId !== answer.taskId) continue;
    const asks = message.type === "Request" && direction === requestWent;
    if (asks && message.source === answer.target && message.target === answer.source) open = true;
    const ends = last.includes(message.type) && direction !== requestWent;
    if (ends && message.source === answer.source && message.target === answer.target) open = false;
  }
  return open;
}

/** What the link may say about agents: only the one it stands for. */
function aboutOnly(name: string, message: Described): boolean {
  if (message.type === "Ready") return message.source === name;
  if (message.type === "Gone") return message.about.length === 1 && message.about[0] === name;
  return message.about.includes(name); // a registry is cut down to that entry
}

type Row = (message: Described, world: World, history: readonly Crossing[]) => boolean;

const outOfClient: readonly Row[] = [
  (message, world) => message.target === world.there,
  (message, world) => isIn(world.forward, message.type) && message.source === world.here,
];
const outOfServer: readonly Row[] = [
  (message, world) => message.source === world.here && message.target === world.there,
  (message, _world, history) => answersRequest(history, "in", message),
  (message, world) => isIn(world.forward, message.type) && message.source === world.here,
];
const intoServer: readonly Row[] = [
  (message, world) => message.target === world.here && !discovery.includes(message.type),
  (message, world) =>
    isIn(world.forward, message.type) &&
    !discovery.includes(message.type) &&
    message.source === world.there &&
    (message.target === undefined || message.target === world.here),
  (message, world) =>
    discovery.includes(message.type) && (message.target === undefined || message.target === world.here),
];
const intoClient: readonly Row[] = [
  ...intoServer,
  (message, _world, history) => answersRequest(history, "out", message),
];

export function modelPasses(crossing: Crossing, world: World, history: readonly Crossing[]): boolean {
  const { direction, message } = crossing;
  if ([...kindOf.local, ...control, ...amongRunners].includes(message.type)) return false;
  if (direction === "in" && world.livesHere.includes(message.source)) return false;
  if (discovery.includes(message.type) && !aboutOnly(direction === "in" ? world.there : world.here, message)) {
    return false;
  }
  const rows =
    direction === "out"
      ? { client: outOfClient, server: outOfServer }[world.side]
      : { client: intoClient, server: intoServer }[world.side];
  return rows.some((row) => row(message, world, history));
}
