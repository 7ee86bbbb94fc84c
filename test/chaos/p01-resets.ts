import { setTimeout as pause } from "node:timers/promises";
import { type Exchange, exchange } from "./exchange.ts";
import type { Proof, Scale } from "./proof.ts";

interface Counts {
  readonly messages: number;
  readonly resets: number;
  readonly perSecond: number;
}

const counts: Readonly<Record<Scale, Counts>> = {
  // Faster, so that it takes less time.
  small: { messages: 20_000, resets: 20, perSecond: 12_000 },
  full: { messages: 200_000, resets: 200, perSecond: 6_000 },
  soak: { messages: 2_000_000, resets: 2_000, perSecond: 6_000 },
};
const countsWithoutPause: typeof counts = { ...counts, small: { messages: 5_000, resets: 5, perSecond: 5_000 } };
/** The client comes back at once: what is shown is what a cut does to messages, not how long it waits. */
const backoff = { minMs: 5, spreadMs: 20, maxSpreadMs: 100, stableMs: 50 };

/** One TCP reset; now and then another one before the session has recovered. */
const reset: Exchange["befall"] = async ({ network }, dice) => {
  network.reset();
  if (dice.chance(0.7)) return;
  await pause(dice.below(40));
  network.reset();
};

function resets({ messages, resets: faults, perSecond }: Counts) {
  return { what: "TCP resets", messages, perSecond, faults, befall: reset, paced: true };
}

export const proofs: readonly Proof[] = [
  {
    id: "P1",
    title: "TCP resets with the default window; producers pause until the session is resumed; 5 to 25 ms of backoff",
    run: (context) => exchange(context, { ...resets(counts[context.scale]), link: { backoff }, pauses: true }),
  },
  {
    id: "P1",
    title: "TCP resets while producers never pause; 65,536 messages may wait; 5 to 25 ms of backoff",
    run: (context) =>
      exchange(context, {
        ...resets(countsWithoutPause[context.scale]),
        link: { backoff, maxQueuedFrames: 65_536, maxQueuedBytes: 67_108_864 },
        pauses: false,
        async befall(pair, dice) {
          // Before the last replay is through, another cut only has it begin again, and the backlog grow.
          while (pair.ends.some(({ link, endings }) => endings.length === 0 && link.counters.unacknowledged > 2_048)) {
            await pause(1);
          }
          await reset(pair, dice, 0);
        },
      }),
  },
];
