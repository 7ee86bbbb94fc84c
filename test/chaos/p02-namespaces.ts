import { exchangeAcross, type Stage } from "./namespace-exchange.ts";
import { NetworkNamespaces } from "./network-namespaces.ts";
import type { Proof, Scale } from "./proof.ts";

interface Trouble {
  readonly title: string;
  readonly stages: Readonly<Record<Scale, readonly Stage[]>>;
}

const heartbeatMs = 100;

const troubles: readonly Trouble[] = [
  {
    title: "the link between two network namespaces goes down and up, with heartbeats of 100 ms",
    stages: {
      small: [{ loss: 0, downs: 2, messages: 500 }],
      full: [{ loss: 0, downs: 200, messages: 200_000 }],
      soak: [{ loss: 0, downs: 2_000, messages: 2_000_000 }],
    },
  },
  {
    title: "packets between two network namespaces are lost at random, both ways, and the link goes down and up",
    stages: {
      small: [
        { loss: 0.01, downs: 0, messages: 500 },
        { loss: 0.05, downs: 1, messages: 500 },
      ],
      full: [0.01, 0.05].map((loss) => ({ loss, downs: 50, messages: 200_000 })),
      soak: [0.01, 0.05].map((loss) => ({ loss, downs: 500, messages: 2_000_000 })),
    },
  },
];

export const proofs: readonly Proof[] = troubles.map(({ title, stages }) => ({
  id: "P2",
  title,
  unavailable: () => NetworkNamespaces.unavailable(Math.max(...stages.small.map(({ loss }) => loss))),
  run: (context) => exchangeAcross(context, { stages: stages[context.scale], heartbeatMs, perSecond: 6_000 }),
}));
