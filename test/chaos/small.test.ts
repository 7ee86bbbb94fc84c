import { describe, expect, it } from "vitest";
import { perform } from "./perform.ts";
import type { Proof } from "./proof.ts";
import { allProofs, nameOf } from "./proofs.ts";

const seed = Number(process.env.TRUNKLINE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const proofs = await allProofs();
console.log(`The proofs are run with the seed ${seed}.`);

// Asked before the tests are made: whoever skips one says why in its name.
const lacking = new Map<Proof, string | undefined>();
for (const proof of proofs) lacking.set(proof, await proof.unavailable?.());

// The full ones: npm run test:chaos.
describe("small versions of the proofs", { timeout: 45_000 }, () => {
  for (const [proof, lack] of lacking) {
    it.skipIf(lack !== undefined)(
      lack === undefined ? nameOf(proof) : `${nameOf(proof)} (${lack})`,
      async ({ signal }) => {
        const { verdict, figures, problems } = await perform(proof, { scale: "small", seed, signal, note: () => {} });
        const repeat = `To repeat it: TRUNKLINE_SEED=${seed} npx vitest run test/chaos/small.test.ts -t ${proof.id}`;
        expect(verdict, [...problems, figures.join(", "), repeat].join("\n")).toBe("passed");
      },
    );
  }
});
