import { Dice } from "./dice.ts";
import { resumeAfterRevocation } from "./p10-revoked.ts";
import { upgradeWithBadCredentials } from "./p10-strangers.ts";
import { resumeWithWrongTokens } from "./p10-token-thieves.ts";
import type { Proof, Scale } from "./proof.ts";

const attempts: Readonly<Record<Scale, number>> = { small: 300, full: 10_000, soak: 100_000 };
const revocations: Readonly<Record<Scale, number>> = { small: 5, full: 200, soak: 2_000 };

export const proofs: readonly Proof[] = [
  {
    id: "P10",
    title: "nothing is built for upgrades with bad credentials",
    run: ({ scale, random, signal }) => {
      const strangers = { count: attempts[scale], countsObjects: scale !== "small" };
      return upgradeWithBadCredentials(strangers, new Dice(random), signal);
    },
  },
  {
    id: "P10",
    title: "wrong resume tokens resume nothing and disturb nobody",
    run: ({ scale, random, signal }) => resumeWithWrongTokens(attempts[scale], new Dice(random), signal),
  },
  {
    id: "P10",
    title: "a revoked principal cannot resume, and nobody can in its place",
    run: ({ scale, signal }) => resumeAfterRevocation(revocations[scale], signal),
  },
];
