import { idleSessions } from "./p12-idle-sessions.ts";
import { compareModes, type Rounds } from "./p12-throughput.ts";
import type { Proof, Scale } from "./proof.ts";

const throughput: Readonly<Record<Scale, Rounds>> = {
  small: { rounds: 2, messages: 3_000, timed: false },
  full: { rounds: 41, messages: 30_000, timed: true },
  soak: { rounds: 201, messages: 30_000, timed: true },
};
const idle: Readonly<Record<Scale, { readonly links: number; readonly real: number }>> = {
  small: { links: 200, real: 0 },
  full: { links: 2_000, real: 500 },
  soak: { links: 2_000, real: 500 },
};

export const proofs: readonly Proof[] = [
  {
    id: "P12",
    title: "a session that can be resumed costs at most 15 % of the throughput and 2 % more frames, at 1 KiB",
    run: (context) => compareModes(context, throughput[context.scale]),
  },
  {
    id: "P12",
    title: "an idle session costs at most 20 KiB",
    run: ({ scale }) => idleSessions(idle[scale].links, idle[scale].real),
  },
];
