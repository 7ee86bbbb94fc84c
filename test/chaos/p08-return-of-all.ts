import { Backoff } from "../../src/proxy/link/index.ts";
import { bounds, Crowds, densest, percent } from "./p08-crowd.ts";
import { cutRealClients } from "./p08-real-crowd.ts";
import type { Outcome, Proof, ProofContext, Scale } from "./proof.ts";

const clients = 1_000;
const simulatedCuts: Readonly<Record<Scale, number>> = { small: 100, full: 2_000, soak: 20_000 };
const realCuts: Readonly<Record<Scale, number>> = { small: 0, full: 3, soak: 30 };
const attempts = 6;
/** What one cut in many thousands exceeds by chance: the waits of real links are to be no more crowded than that. */
const chance = { first: 0.15, third: 0.055 };
const tolerableStallMs = 25;

export const proof: Proof = {
  id: "P8",
  title: `${clients.toLocaleString("en")} clients that are cut at once come back spread out`,
  run,
};

/**
 * The waits are random, so the densest 100 ms are now and then above the bound; that they are below it on average, and
 * how often they are not, is what can be said.
 */
async function run(context: ProofContext): Promise<Outcome> {
  const problems: string[] = [];
  const crowds = new Map(Object.keys(bounds).map((attempt) => [Number(attempt), new Crowds(Number(attempt))]));
  const cuts = simulatedCuts[context.scale];
  for (let cut = 0; cut < cuts && !context.signal.aborted; cut++) {
    simulate(context.random, (attempt, part) => crowds.get(attempt)?.add(part));
    if (cut % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
  for (const [attempt, { mean, bound }] of crowds) {
    if (!(mean <= bound)) problems.push(`Attempt ${attempt}: ${percent(mean)} on average, and not ${percent(bound)}.`);
  }
  const figures = [`${cuts.toLocaleString("en")} cuts, densest 100 ms of each`];
  for (const crowd of crowds.values()) figures.push(crowd.figure);
  let judged = 0;
  for (let cut = 1; judged < realCuts[context.scale] && cut <= 3 * realCuts[context.scale]; cut++) {
    if (context.signal.aborted) break;
    const { dialed, stalledMs } = await cutRealClients(clients, context.random);
    const parts = [1, 3].map((attempt) => densest(dialed.map((moments) => moments[attempt - 1] ?? Number.NaN)));
    const figure = `${parts.map(percent).join(" of the first and ")} of the third attempts`;
    context.note(`real cut ${cut}: ${figure}; a stall of ${stalledMs.toFixed(0)} ms`);
    // Clients that wait for one and the same event loop come together afterwards.
    if (stalledMs > tolerableStallMs) continue;
    judged += 1;
    figures.push(`real links, cut ${judged}: ${figure}`);
    const [first = 1, third = 1] = parts;
    if (first > chance.first || third > chance.third) problems.push(`Real links: ${figure}.`);
  }
  const unjudged = realCuts[context.scale] - judged;
  if (unjudged > 0) figures.push(`real links: ${unjudged} cuts without a verdict, as this process stalled in each try`);
  return { passed: problems.length === 0, figures, problems };
}

/** As links use it: the first wait comes before the first attempt, and each attempt fails at once. */
function simulate(random: () => number, seen: (attempt: number, part: number) => void): void {
  const backoffs = Array.from({ length: clients }, () => {
    return new Backoff({ minMs: 100, spreadMs: 1_000, maxSpreadMs: 30_000, random });
  });
  const moments = new Float64Array(clients);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    for (const [index, backoff] of backoffs.entries()) {
      moments[index] = (moments[index] as number) + backoff.nextDelayMs();
    }
    if (bounds[attempt] !== undefined) seen(attempt, densest(moments));
  }
}
