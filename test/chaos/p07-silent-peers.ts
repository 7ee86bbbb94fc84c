import { findHalfOpen, type HalfOpenCounts } from "./p07-half-open.ts";
import { stallForReal } from "./p07-real-stalls.ts";
import { SimulatedPair } from "./p07-simulated-link.ts";
import type { Outcome, Proof, ProofContext, Scale } from "./proof.ts";

const halfOpen: Readonly<Record<Scale, HalfOpenCounts>> = {
  small: { links: 48, heartbeatMs: 200, overMs: 500 },
  full: { links: 200, heartbeatMs: undefined, overMs: 10_000 },
  soak: { links: 1_000, heartbeatMs: undefined, overMs: 60_000 },
};
/** How often ten minutes are simulated, for each heartbeat and for stalls of either end and of both. */
const simulations: Readonly<Record<Scale, number>> = { small: 3, full: 100, soak: 1_000 };
const realStallsMs: Readonly<Record<Scale, number>> = { small: 0, full: 60_000, soak: 600_000 };

const tenMinutesMs = 600_000;
const stallMs = 2_000;

export const proofs: readonly Proof[] = [
  {
    id: "P7",
    title: "a half-open peer is found within 2.5 heartbeats and 100 ms",
    run: (context) => findHalfOpen(context, halfOpen[context.scale]),
  },
  {
    id: "P7",
    title: "a peer whose handlers stall for 2 s is not taken for dead",
    run: stall,
  },
];

async function stall(context: ProofContext): Promise<Outcome> {
  const count = simulations[context.scale];
  let alarms = 0;
  let stalls = 0;
  for (let run = 0; run < count; run++) {
    for (const heartbeatMs of [1_000, 10_000]) {
      for (const who of [["here"], ["there"], ["here", "there"]] as const) {
        const seen = simulate(context.random, heartbeatMs, who);
        alarms += seen.alarms;
        stalls += seen.stalls;
      }
    }
    // Others have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const simulated = [
    `${alarms} false alarms in ${count * 6} times 10 simulated minutes with ${stalls.toLocaleString("en")} stalls of 2 s`,
    "on one end or both, heartbeats of 1 s and of 10 s",
  ];
  const real = await stallForReal(context, realStallsMs[context.scale], stallMs);
  return {
    passed: alarms === 0 && (real?.alarms ?? 0) === 0,
    figures: real === undefined ? simulated : [...simulated, real.figure],
    problems: real?.problems ?? [],
  };
}

function simulate(random: () => number, heartbeatMs: number, who: readonly ("here" | "there")[]) {
  const pair = new SimulatedPair({ heartbeatMs }, 1 + random() * 50);
  let stalls = 0;
  for (const name of who) {
    const { loop } = pair[name];
    // Now and then hardly a breath, now and then long enough for pings to be due in between.
    const longestBreathMs = 10 ** (1 + 3 * random());
    const next = (at: number): void => {
      if (at >= tenMinutesMs) return;
      pair.time.at(at, () => {
        stalls += 1;
        loop.stall(stallMs);
        next(at + stallMs + 1 + random() * longestBreathMs);
      });
    };
    next(random() * heartbeatMs);
  }
  pair.time.runUntil(tenMinutesMs);
  return { alarms: pair.ends.filter(({ endedAt }) => endedAt !== undefined).length, stalls };
}
