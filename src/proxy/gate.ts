import {
  BusCancelAgentMessage,
  BusCancelMessage,
  BusEndAgentMessage,
  BusEndMessage,
  BusLocalMessage,
  type BusMessage,
  type BusMessageClass,
  BusRunnerHeartbeatMessage,
  BusTaskCancelMessage,
  BusTaskRequestMessage,
  isLocal,
} from "../bus/index.ts";
import { TrunklineError } from "../errors.ts";
import { type OpenRequest, OpenRequests } from "./open-requests.ts";
import { isLastAnswer, isTaskAnswer, withShortReason } from "./task-traffic.ts";
import { isDiscovery, vouchedFor } from "./vouching.ts";

/** Which end of the link a gate stands at. The client's lets any local agent ask; the server's only the one it hosts. */
export type GateSide = "client" | "server";

export interface GatePolicy {
  readonly side: GateSide;
  /** The agent of this bus that the link is for. */
  readonly localAgentName: string;
  /** The agent of the other bus that the link is for. */
  readonly remoteAgentName: string;
  /** Types, with their subclasses, that cross between the two agents also when they are not targeted. */
  readonly forwardMessages: readonly BusMessageClass[];
  /**
   * True for the name of anybody who lives on this bus: agents, proxies, the runner. Nothing from outside may carry
   * such a name as its source. It must be false for `remoteAgentName`.
   */
  readonly isLocalName: (name: string) => boolean;
  /** How many task requests may be open in each direction. Default 16,384; beyond it requests are refused. */
  readonly maxOpenRequests?: number | undefined;
  /** How many bytes the open requests that came in may be of together; beyond it they are refused. Default: no limit. */
  readonly maxOpenBytes?: number | undefined;
}

/** Why a message may not cross, with a sentence for the one who sent it. */
export const gateCauses = {
  local: "it is a local message, and those never leave their process",
  sessionControl: "ending and cancelling stay on their own bus",
  name: "its source, target or task id is empty or longer than 256 characters",
  source: "its source may not speak over this link",
  target: "its target cannot be reached over this link",
  broadcast: "it has no target, and its type is not in forwardMessages",
  discovery: "it is about other agents than the one this link is for",
  openRequests: "too many task requests are waiting for their answers",
} as const;

/** Why a message may not cross. */
export type GateCause = keyof typeof gateCauses;

/** `message` is what crosses: the one that was asked about, or less of it (a registry cut down to one agent). */
export type GateVerdict =
  | { readonly pass: true; readonly message: BusMessage }
  | { readonly pass: false; readonly cause: GateCause };

/** How many messages crossed in one direction, and how many did not, by cause. */
export interface GateDirectionCounters {
  readonly passed: number;
  readonly rejected: Readonly<Record<GateCause, number>>;
}

/** What a gate has let pass and what not, seen from this side. */
export interface GateCounters {
  readonly outbound: GateDirectionCounters;
  readonly inbound: GateDirectionCounters;
}

const maxNameLength = 256;

/**
 * Decides what crosses a link, in both directions, for every type.
 *
 * 1. Local messages and session control never cross.
 * 2. Outbound: what is targeted at the remote agent (at the server's side only from the agent it hosts), types in
 *    `forwardMessages` from the local agent, and at the server's side answers to requests that came in.
 * 3. Inbound: what is targeted at the local agent, types in `forwardMessages` from the remote agent, and at the
 *    client's side answers to requests that went out. Never under a name that lives here.
 * 4. Discovery crosses only where it is about the agent of the side it comes from.
 * 5. The verdict depends on the policy, the message, the direction and the requests that are open; nothing else.
 */
export class Gate {
  readonly #policy: GatePolicy;
  /** Requests that went out; their answers come in. */
  readonly #asked: OpenRequests;
  /** Requests that came in; their answers go out. */
  readonly #received: OpenRequests;
  readonly #outbound = new Tally();
  readonly #inbound = new Tally();

  /** @throws TrunklineError `TL_INVALID_OPTION` when a name is missing or both are the same */
  constructor(policy: GatePolicy) {
    checkNames(policy);
    this.#policy = policy;
    this.#asked = new OpenRequests(policy.maxOpenRequests ?? 16_384);
    this.#received = new OpenRequests(policy.maxOpenRequests ?? 16_384, policy.maxOpenBytes);
  }

  /** False for what could not leave in any case, told apart without counting it: the traffic among the agents here. */
  concerns(message: BusMessage): boolean {
    const { side, localAgentName, remoteAgentName } = this.#policy;
    if (message.source === remoteAgentName) return false;
    if (message.target === remoteAgentName) return true;
    if (message.source === localAgentName) return isForwardable(this.#policy, message) || isTaskAnswer(message);
    return side === "server" && isTaskAnswer(message) && this.#received.isAnsweredBy(message);
  }

  /** May this leave the local bus? A task request that may is open from now on. */
  outbound(message: BusMessage): GateVerdict {
    const verdict = judgeOutbound(this.#policy, this.#received, message);
    return this.#outbound.count(verdict.pass ? follow(verdict, this.#asked, this.#received) : verdict);
  }

  /** May this, so many bytes long, enter the local bus? A task request that may is open from now on. */
  inbound(message: BusMessage, byteLength = 0): GateVerdict {
    const verdict = judgeInbound(this.#policy, this.#asked, message);
    return this.#inbound.count(verdict.pass ? follow(verdict, this.#received, this.#asked, byteLength) : verdict);
  }

  /** Forgets an outbound request that could not be sent after it had passed. */
  withdraw(message: BusMessage): void {
    if (message instanceof BusTaskRequestMessage) this.#asked.withdraw(message);
  }

  /** Requests without a last answer: those that went out, and those that came in. */
  get openRequests(): { readonly outbound: readonly OpenRequest[]; readonly inbound: readonly OpenRequest[] } {
    return { outbound: this.#asked.all, inbound: this.#received.all };
  }

  /** For a link that is over: nothing that was asked over it can be answered over another. */
  forgetRequests(): void {
    this.#asked.clear();
    this.#received.clear();
  }

  get counters(): GateCounters {
    return { outbound: this.#outbound.counters, inbound: this.#inbound.counters };
  }
}

function judgeOutbound(policy: GatePolicy, received: OpenRequests, message: BusMessage): GateVerdict {
  const { side, localAgentName, remoteAgentName } = policy;
  const barred = barredAnywhere(message);
  if (barred !== undefined) return refused(barred);
  const forwardable = isForwardable(policy, message);
  const fromAgent = message.source === localAgentName;
  const targeted = message.target === remoteAgentName && (side === "client" || fromAgent);
  if (targeted || (forwardable && fromAgent)) return passed(localAgentName, message);
  if (side === "server" && isTaskAnswer(message) && received.isAnsweredBy(message)) return { pass: true, message };
  return refused(causeOf(message, forwardable, remoteAgentName));
}

function judgeInbound(policy: GatePolicy, asked: OpenRequests, message: BusMessage): GateVerdict {
  const { side, localAgentName, remoteAgentName } = policy;
  const barred = barredAnywhere(message);
  if (barred !== undefined) return refused(barred);
  if (message.source === localAgentName || policy.isLocalName(message.source)) return refused("source");
  if (message.target === localAgentName) return passed(remoteAgentName, withShortReason(message));
  const forwardable = isForwardable(policy, message);
  if (message.target === undefined) {
    const fromAgent = forwardable && message.source === remoteAgentName;
    if (fromAgent || isDiscovery(message)) return passed(remoteAgentName, message);
  } else if (side === "client" && isTaskAnswer(message) && asked.isAnsweredBy(message)) {
    return { pass: true, message };
  }
  return refused(causeOf(message, forwardable, localAgentName));
}

/** Passes, but of discovery only what is about the agent the sending side vouches for. */
function passed(vouchedName: string, message: BusMessage): GateVerdict {
  if (!isDiscovery(message)) return { pass: true, message };
  const vouched = vouchedFor(vouchedName, message);
  return vouched === undefined ? refused("discovery") : { pass: true, message: vouched };
}

function refused(cause: GateCause): GateVerdict {
  return { pass: false, cause };
}

/** Of a message that no row allows: what would have to be different. */
function causeOf(message: BusMessage, forwardable: boolean, reachable: string): GateCause {
  if (message.target === undefined) return forwardable ? "source" : "broadcast";
  return message.target === reachable ? "source" : "target";
}

function barredAnywhere(message: BusMessage): GateCause | undefined {
  if (isLocal(message) || message instanceof BusLocalMessage) return "local";
  if (isSessionControl(message)) return "sessionControl";
  // A link stands for two agents; which runners live behind it is nobody's business.
  if (message instanceof BusRunnerHeartbeatMessage) return "discovery";
  if (!isName(message.source) || (message.target !== undefined && !isName(message.target))) return "name";
  // These two ids are kept, a cancel's for a request that it has overtaken; those of other messages are compared.
  const kept = message instanceof BusTaskRequestMessage || message instanceof BusTaskCancelMessage;
  if (kept && !isName(message.taskId)) return "name";
  return undefined;
}

function isSessionControl(message: BusMessage): boolean {
  return (
    message instanceof BusEndMessage ||
    message instanceof BusCancelMessage ||
    message instanceof BusEndAgentMessage ||
    message instanceof BusCancelAgentMessage
  );
}

function isName(name: string): boolean {
  return name.length > 0 && name.length <= maxNameLength;
}

function isForwardable(policy: GatePolicy, message: BusMessage): boolean {
  return policy.forwardMessages.some((type) => message instanceof type);
}

/** Keeps the books of the requests: `asking` went the message's way, the answers to `answering` go it too. */
function follow(
  verdict: GateVerdict & { pass: true },
  asking: OpenRequests,
  answering: OpenRequests,
  byteLength = 0,
): GateVerdict {
  const { message } = verdict;
  if (message instanceof BusTaskRequestMessage) {
    if (message.target !== undefined && !asking.add(message, message.target, byteLength))
      return refused("openRequests");
  } else if (message instanceof BusTaskCancelMessage) asking.cancel(message);
  else if (isLastAnswer(message)) answering.settle(message);
  return verdict;
}

function checkNames({ localAgentName, remoteAgentName }: GatePolicy): void {
  for (const [option, name] of Object.entries({ localAgentName, remoteAgentName })) {
    if (isName(name)) continue;
    throw new TrunklineError("TL_INVALID_OPTION", `${option} must be a name of 1 to ${maxNameLength} characters.`);
  }
  if (localAgentName !== remoteAgentName) return;
  throw new TrunklineError(
    "TL_INVALID_OPTION",
    `Both sides of the link name their agent "${localAgentName}". Give one of them another name: a message could not tell which side it is for.`,
  );
}

class Tally {
  #passed = 0;
  readonly #rejected = Object.fromEntries(Object.keys(gateCauses).map((cause) => [cause, 0])) as Record<
    GateCause,
    number
  >;

  count(verdict: GateVerdict): GateVerdict {
    if (verdict.pass) this.#passed += 1;
    else this.#rejected[verdict.cause] += 1;
    return verdict;
  }

  get counters(): GateDirectionCounters {
    return { passed: this.#passed, rejected: { ...this.#rejected } };
  }
}
