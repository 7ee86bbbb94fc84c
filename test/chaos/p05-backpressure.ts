import { offerToDeafPeers } from "./p05-deaf-peer.ts";
import { type FloodLimits, floodEachOther } from "./p05-mutual-flood.ts";
import { offerToSlowAgents } from "./p05-slow-agents.ts";
import { offerThroughProxies } from "./p05-whole-system.ts";
import type { Proof, Scale } from "./proof.ts";

const deafMs: Readonly<Record<Scale, number>> = { small: 1_000, full: 60_000, soak: 600_000 };
const slowMs: Readonly<Record<Scale, number>> = { small: 1_000, full: 20_000, soak: 300_000 };
/** Few messages all find room. Of many, each waits for the other's answer: somebody lets go, and refuses what is too much. */
const floods: Readonly<Record<Scale, FloodLimits>> = {
  small: { messages: 500, durationMs: 5_000, mayRefuse: false },
  full: { messages: Number.POSITIVE_INFINITY, durationMs: 20_000, mayRefuse: true },
  soak: { messages: Number.POSITIVE_INFINITY, durationMs: 300_000, mayRefuse: true },
};

export const proofs: readonly Proof[] = [
  {
    id: "P5",
    title: "a peer that stops reading costs a link no more than its cap, and the producer is told within one message",
    run: (context) => offerToDeafPeers(context, deafMs[context.scale]),
  },
  {
    id: "P5",
    title: "a client that stops reading stops the agent that talks to it, through bus, proxy and link",
    run: (context) => offerThroughProxies(context, deafMs[context.scale]),
  },
  {
    id: "P5",
    title: "agents that are slow hold back whoever sends to them, and nothing is lost",
    run: (context) => offerToSlowAgents(context, slowMs[context.scale]),
  },
  {
    id: "P5",
    title: "two sides whose agents flood each other go on, and every message is delivered or told of",
    run: (context) => floodEachOther(context, floods[context.scale]),
  },
];
