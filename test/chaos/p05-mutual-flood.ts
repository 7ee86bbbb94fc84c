import { setImmediate as turn } from "node:timers/promises";
import { type AgentBus, BaseAgent, BusFrameMessage, type BusMessage } from "trunkline";
import { serveAgents } from "trunkline/server";
import { until } from "../support/settled.ts";
import { JoinedRunner } from "./joined-runner.ts";
import { NumberedReceiver, NumberedSender } from "./numbered.ts";
import type { Outcome, ProofContext } from "./proof.ts";
import { stampedText, stampIn } from "./stamped-text.ts";

const messageBytes = 4_096;
const maxWaitingBytes = 524_288;
const link = { maxQueuedBytes: 262_144, highWaterBytes: 262_144, resume: "require" } as const;
/** Whoever holds back lets go after 5 s in which nothing is handled. */
const longestStillMs = 7_500;
const settledMs = 60_000;

/** Answers every message before it takes the next one, and waits until the answer is on its way. */
class Answering extends BaseAgent {
  readonly #peer: string;
  readonly #answers = new NumberedSender(2);
  readonly asked = new NumberedReceiver(1);
  readonly answered = new NumberedReceiver(2);

  constructor(name: string, peer: string, bus: AgentBus) {
    super(name, { bus });
    this.#peer = peer;
  }

  /** How many messages have come, of either kind. */
  get received(): number {
    return this.asked.received + this.answered.received;
  }

  get answers(): number {
    return this.#answers.sent;
  }

  override async onBusMessage(message: BusMessage): Promise<void> {
    await super.onBusMessage(message);
    const found = stampIn(message, this.#peer);
    if (found === undefined) return;
    if (found.mark === "answer") {
      this.answered.take(found.stamp);
      return;
    }
    this.asked.take(found.stamp);
    await this.bus.send(stampedText(this.name, this.#answers.next(), messageBytes, "answer"));
  }
}

/** Until so many messages are sent by each side, or so long. */
export async function floodEachOther({ signal }: ProofContext, limits: FloodLimits): Promise<Outcome> {
  const agents: Answering[] = [];
  const refused = { client: 0, server: 0 };
  const server = await serveAgents({ link }, async ({ proxy, runner }) => {
    const gateway = proxy({
      agentName: "assistant",
      remoteAgentName: "acme",
      forwardMessages: [BusFrameMessage],
      maxWaitingBytes,
    });
    gateway.on("rejected", () => {
      refused.server += 1;
    });
    await runner.addAgent(gateway);
    const agent = new Answering("assistant", "acme", runner.bus);
    agents.push(agent);
    await runner.addAgent(agent);
  });
  try {
    const build = (bus: AgentBus) => new Answering("acme", "assistant", bus);
    await using client = await JoinedRunner.connected(server.url, build, { link, maxWaitingBytes });
    client.proxy.on("rejected", () => {
      refused.client += 1;
    });
    const there = agents[0] as Answering;
    return await flood({ here: client.acme, there, refused, limits, signal });
  } finally {
    await server.close({ graceMs: 0 });
  }
}

export interface FloodLimits {
  readonly messages: number;
  readonly durationMs: number;
  /** Whether messages may be refused by their receiver, as long as it tells of each. */
  readonly mayRefuse: boolean;
}

interface Flood {
  readonly here: Answering;
  readonly there: Answering;
  readonly refused: { readonly client: number; readonly server: number };
  readonly limits: FloodLimits;
  readonly signal: AbortSignal;
}

async function flood({ here, there, refused, limits, signal }: Flood): Promise<Outcome> {
  const senders = [new NumberedSender(1), new NumberedSender(1)] as const;
  const { messages, durationMs, mayRefuse } = limits;
  const end = performance.now() + durationMs;
  const produce = async (sender: NumberedSender, bus: AgentBus, name: string): Promise<void> => {
    while (sender.sent < messages && performance.now() < end && !signal.aborted) {
      await bus.send(stampedText(name, sender.next(), messageBytes, "ask"));
      if (sender.sent % 32 === 0) await turn();
    }
  };
  const all = () => here.received + there.received + refused.client + refused.server;
  const due = () => senders[0].sent + senders[1].sent + here.answers + there.answers;
  let stillMs = 0;
  let [seen, seenAt] = [0, performance.now()];
  const watch = setInterval(() => {
    const now = all();
    if (now !== seen || now === due()) [seen, seenAt] = [now, performance.now()];
    stillMs = Math.max(stillMs, performance.now() - seenAt);
  }, 20);
  try {
    await Promise.all([produce(senders[0], here.bus, "acme"), produce(senders[1], there.bus, "assistant")]);
    await until(() => all() >= due() || signal.aborted, "the last message", settledMs);
  } finally {
    clearInterval(watch);
  }
  const doubled = [here, there].reduce((sum, { asked, answered }) => sum + asked.doubled + answered.doubled, 0);
  const disordered = [here, there].reduce((sum, { asked, answered }) => {
    return sum + asked.outOfOrder + answered.outOfOrder + asked.damaged + answered.damaged;
  }, 0);
  const problems: string[] = [];
  if (all() !== due()) problems.push(`Of ${due()} messages ${all()} came or were refused.`);
  const refusals = refused.client + refused.server;
  if (refusals > 0 && !mayRefuse) problems.push(`${refusals} messages were refused.`);
  if (doubled + disordered > 0) problems.push(`${doubled} messages came twice, ${disordered} out of order.`);
  if (stillMs > longestStillMs) problems.push(`Nothing moved for ${Math.round(stillMs)} ms.`);
  const figures = [
    `${due().toLocaleString("en")} messages both ways, ${refusals} refused and told of, ${due() - all()} missing`,
    `longest standstill ${Math.round(stillMs)} ms`,
  ];
  return { passed: problems.length === 0, figures, problems };
}
