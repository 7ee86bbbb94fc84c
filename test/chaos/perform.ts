import { inspect } from "node:util";
import { seededRandom } from "../../src/faults/seeded-random.ts";
import type { Proof, ProofContext, Scale } from "./proof.ts";
import { nameOf } from "./proofs.ts";

/** What became of a proof. */
export interface Performance {
  readonly id: Proof["id"];
  readonly title: string;
  readonly verdict: "passed" | "failed" | "skipped";
  readonly figures: readonly string[];
  readonly problems: readonly string[];
  readonly seconds: number;
}

export interface PerformOptions {
  readonly scale: Scale;
  readonly seed: number;
  readonly signal: AbortSignal;
  note(line: string): void;
}

/** Runs a proof in this process. Never rejects: one that throws has failed. */
export async function perform(proof: Proof, options: PerformOptions): Promise<Performance> {
  const { id, title } = proof;
  const startedAt = performance.now();
  const done = (result: Pick<Performance, "verdict" | "figures" | "problems">): Performance => {
    return { id, title, ...result, seconds: (performance.now() - startedAt) / 1_000 };
  };
  try {
    const reason = await proof.unavailable?.();
    if (reason !== undefined) return done({ verdict: "skipped", figures: [], problems: [reason] });
    const { passed, figures, problems = [] } = await proof.run(contextFor(proof, options));
    return done({ verdict: passed ? "passed" : "failed", figures, problems });
  } catch (error) {
    return done({ verdict: "failed", figures: [], problems: [inspect(error)] });
  }
}

function contextFor(proof: Proof, { scale, seed, signal, note }: PerformOptions): ProofContext {
  return { scale, seed, signal, note, random: seededRandom(seedFor(seed, nameOf(proof))) };
}

/** A proof has numbers of its own, so that it is repeated by itself as it was among the others. */
export function seedFor(seed: number, name: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (const letter of new TextEncoder().encode(name)) hash = Math.imul(hash ^ letter, 0x01000193) >>> 0;
  return hash;
}
