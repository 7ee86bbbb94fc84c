import type { Outcome, ProofContext, Scale } from "../proof.ts";
import type { Attack } from "./attacks/attack.ts";
import { floodAttacks } from "./attacks/floods.ts";
import { frameAttacks } from "./attacks/frames.ts";
import { handshakeAttacks } from "./attacks/handshakes.ts";
import { resumingAttacks } from "./attacks/resuming.ts";
import { sessionWordAttacks } from "./attacks/session-words.ts";
import { Target } from "./target.ts";
import { Watch } from "./watch.ts";

export const attacks: readonly Attack[] = [
  ...handshakeAttacks,
  ...frameAttacks,
  ...floodAttacks,
  ...sessionWordAttacks,
  ...resumingAttacks,
];

// A small run waits for what an attack leaves behind only after so many: the sessions of all of them end meanwhile.
const attacksOfAPart: Readonly<Record<Scale, number>> = { small: 12, full: 1, soak: 1 };

/** Does everything to one server, and sees after each attack that the others are still served. */
export async function attackServer({ scale, signal, note }: ProofContext, times: number): Promise<Outcome> {
  const chosen = attacks.filter(({ isSlow }) => isSlow !== true || scale !== "small");
  let current = "the start";
  const watch = await Watch.started(scale);
  const target = await Target.started((line) => watch.problem(`At ${current}: ${line}`), {
    // What is suspended is to be gone soon, as only then all is over.
    link: { windowMs: 500 },
  });
  try {
    for (let round = 0; round < times; round += 1) {
      for (const [index, { name, run }] of chosen.entries()) {
        signal.throwIfAborted();
        current = name;
        const startedAt = performance.now();
        const settles = index === chosen.length - 1 || (index + 1) % attacksOfAPart[scale] === 0;
        const stallMs = await watch.part(name, async () => {
          try {
            await run(target, scale === "small" ? 1 / 3 : 1, watch.excuse);
            if (settles) await target.isRidOfAttackers();
            await target.servesOthers();
            if (settles) await target.servesNewcomers();
            if (settles) await target.isRidOfAttackers();
          } catch (error) {
            watch.problem(`${name}: ${error}`);
          }
        });
        const tookMs = performance.now() - startedAt;
        if (round === 0) note(`${name}: ${tookMs.toFixed(0)} ms, longest stall ${stallMs.toFixed(0)} ms`);
      }
    }
  } finally {
    current = "the end";
    await target[Symbol.asyncDispose]();
  }
  return watch.outcome([`${chosen.length} attacks`, "after each of them all others are served"]);
}
