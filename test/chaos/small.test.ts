import { describe, expect, it } from "vitest";
import { perform } from "./perform.ts";
import { allProofs, nameOf } from "./proofs.ts";

const seed = Number(process.env.TRUNKLINE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const proofs = await allProofs();
console.log(`The proofs are run with the seed ${seed}.`);

// The full ones: npm run test:chaos.
describe("small versions of the proofs", { timeout: 45_000 }, () => {
  for (const proof of proofs) {
    const name = nameOf(proof);
    it(name, async ({ signal, skip }) => {
      const { verdict, figures, problems } = await perform(proof, { scale: "small", seed, signal, note: () => {} });
      if (verdict === "skipped") skip(problems.join(" "));
      const repeat = `To repeat it: TRUNKLINE_SEED=${seed} npx vitest run test/chaos/small.test.ts -t ${proof.id}`;
      expect(verdict, [...problems, figures.join(", "), repeat].join("\n")).toBe("passed");
    });
  }
});
