import { setTimeout as pause } from "node:timers/promises";
import { Dice } from "./dice.ts";
import { LinkPair } from "./link-pair.ts";
import type { NumberedEnd } from "./numbered-end.ts";
import type { Outcome, Proof, ProofContext, Scale } from "./proof.ts";
import { StallMeter } from "./stall-meter.ts";

interface Counts {
  readonly rounds: number;
  readonly links: number;
}

const counts: Readonly<Record<Scale, Counts>> = {
  small: { rounds: 1, links: 60 },
  full: { rounds: 20, links: 100 },
  soak: { rounds: 200, links: 100 },
};
const limits = { p50: 700, p99: 1_300 };
const messageEveryMs = 100;
const tickMs = 5;
const resetsOverMs = 200;
const warmUpMs = 500;
const patienceMs = 10_000;
const tolerableStallMs = 50;
const maxRepeated = 5;

interface Recovery {
  readonly name: string;
  readonly ms: number;
}

export const proof: Proof = {
  id: "P9",
  title: "from a reset to the first message after it, each way, with the default backoff",
  run: recover,
};

async function recover(context: ProofContext): Promise<Outcome> {
  const { rounds, links } = counts[context.scale];
  const times: Recovery[] = [];
  let repeated = 0;
  for (let round = 1; round <= rounds && !context.signal.aborted; round++) {
    const meter = new StallMeter();
    const found = await oneRound(context, links);
    meter.stop();
    // A process that was kept from its work cannot tell how long the links took.
    if (meter.longestMs > tolerableStallMs && repeated < maxRepeated) {
      repeated += 1;
      round -= 1;
      continue;
    }
    times.push(...found);
    if (rounds > 1) context.note(`round ${round} of ${rounds}`);
  }
  const problems: string[] = [];
  const figures = (["client", "server"] as const).map((name) => {
    const sorted = times.filter((time) => time.name === name).map(({ ms }) => ms);
    sorted.sort((a, b) => a - b);
    const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.POSITIVE_INFINITY;
    const [p50, p99] = [quantile(0.5), quantile(0.99)];
    if (sorted.length !== rounds * links)
      problems.push(`${sorted.length} of ${rounds * links} came back to the ${name}.`);
    if (p50 >= limits.p50) problems.push(`To the ${name} p50 was ${p50.toFixed(0)} ms.`);
    if (p99 >= limits.p99) problems.push(`To the ${name} p99 was ${p99.toFixed(0)} ms.`);
    return `to the ${name} p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, slowest ${quantile(1).toFixed(0)} ms`;
  });
  return {
    passed: problems.length === 0,
    figures: [
      `${(rounds * links).toLocaleString("en")} links, each reset for the first time`,
      ...figures,
      ...(repeated > 0 ? [`${repeated} rounds repeated`] : []),
    ],
    problems,
  };
}

/** Links that speak both ways all the time, and are reset within a short while. */
async function oneRound({ random }: ProofContext, links: number) {
  const dice = new Dice(random);
  const ranks = shuffled(links, dice);
  const pairs = await Promise.all(
    // The waits lie evenly over their range, one in each part of it: so the figures owe nothing to luck.
    ranks.map((rank) => LinkPair.connected({ dice, client: { random: () => (rank + random()) / links } })),
  );
  const traffic = speak(pairs.flatMap(({ ends }) => ends));
  try {
    await pause(warmUpMs);
    const found = await Promise.all(
      pairs.map(async ({ network, ends }) => {
        await pause(random() * resetsOverMs);
        const resetAt = performance.now();
        network.reset();
        const all = await Promise.all(ends.map((end) => recovered(end, resetAt)));
        return all.flatMap((ms, index) => (ms === undefined ? [] : [{ name: ends[index]?.name ?? "", ms }]));
      }),
    );
    return found.flat();
  } finally {
    clearInterval(traffic);
    await Promise.all(pairs.map((pair) => pair[Symbol.asyncDispose]()));
  }
}

/** Each of them says something every now and then, a part of them at a time. */
function speak(ends: readonly NumberedEnd[]): NodeJS.Timeout {
  const parts = messageEveryMs / tickMs;
  let turn = 0;
  return setInterval(() => {
    turn += 1;
    for (let index = turn % parts; index < ends.length; index += parts) void ends[index]?.send();
  }, tickMs);
}

/** How long until a message arrives over another connection, or undefined when none does. */
function recovered(end: NumberedEnd, resetAt: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const timeout = setTimeout(() => resolve(undefined), patienceMs);
    end.onDelivered = () => {
      // What the reset overtook arrives before the end knows of it.
      if (end.resumed === 0) return;
      clearTimeout(timeout);
      end.onDelivered = () => {};
      resolve(performance.now() - resetAt);
    };
  });
}

function shuffled(count: number, dice: Dice): number[] {
  const ordered = Array.from({ length: count }, (_, index) => index);
  return Array.from({ length: count }, () => ordered.splice(dice.below(ordered.length), 1)[0] ?? 0);
}
