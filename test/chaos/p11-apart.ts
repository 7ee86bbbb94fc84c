import { GateRun } from "./p11-gate.ts";
import { reconnectAtRandom } from "./p11-sessions.ts";
import type { Proof, Scale } from "./proof.ts";

const messages: Readonly<Record<Scale, number>> = { small: 5_000, full: 100_000, soak: 1_000_000 };
const crowds: Readonly<Record<Scale, { readonly sessions: number; readonly reconnects: number }>> = {
  small: { sessions: 20, reconnects: 60 },
  full: { sessions: 200, reconnects: 1_000 },
  soak: { sessions: 200, reconnects: 20_000 },
};

export const proofs: readonly Proof[] = [
  {
    id: "P11",
    title: "what crosses a gate over a real connection is what the independent model says",
    run: (context) => new GateRun(context).outcome(messages[context.scale]),
  },
  {
    id: "P11",
    title: "sessions that are cut and come back never get a message of another",
    run: (context) => reconnectAtRandom(context, crowds[context.scale]),
  },
];
