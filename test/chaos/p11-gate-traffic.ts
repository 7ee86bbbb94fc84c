import { BusAgentRegistryMessage, type BusMessage, BusSystemMessage } from "../../src/bus/index.ts";
import { builders, entry, forwardable, names, taskTypes } from "../proxy/gate-messages.ts";
import type { Described, World } from "../proxy/gate-model.ts";
import type { Dice } from "./dice.ts";

const types = Object.keys(builders);
const discovery = ["Ready", "Registry", "Gone"];

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
