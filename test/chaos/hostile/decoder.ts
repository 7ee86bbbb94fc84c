import { BusMessage, TrunklineError } from "trunkline";
import { seededRandom } from "../../../src/faults/seeded-random.ts";
import { JSONMessageSerializer } from "../../../src/wire/index.ts";
import { Dice } from "../dice.ts";
import type { Outcome, ProofContext } from "../proof.ts";
import { HostileJson } from "./hostile-json.ts";
import { Mutator } from "./mutation.ts";
import { Steady } from "./steady.ts";
import { Watch } from "./watch.ts";
import { type WireSamples, wireSamples } from "./wire-samples.ts";

export interface HostileCounts {
  readonly mutated: number;
  readonly made: number;
}

/** Reads for one dialect whatever it is given. */
class Reader {
  readonly #dice: Dice;
  readonly #watch: Watch;
  readonly #serializers: readonly JSONMessageSerializer[];
  readonly #made: HostileJson;
  readonly #mutator: Mutator;
  taken = 0;
  thrown = 0;

  constructor({ dialect, texts, types }: WireSamples, dice: Dice, watch: Watch) {
    this.#dice = dice;
    this.#watch = watch;
    const relayTypes = ["pipecat.frames.frames.*", "acme.*"];
    this.#serializers = [
      new JSONMessageSerializer({ dialect }),
      new JSONMessageSerializer({ dialect, allowTaggedUserData: true, relayTypes, maxDepth: 512 }),
    ];
    this.#made = new HostileJson(dice, types);
    this.#mutator = new Mutator(dice, this.#made, texts);
  }

  read(kind: "mutated" | "made"): void {
    if (kind === "mutated") this.#read(this.#mutator.next());
    else {
      const text = this.#made.message();
      this.#read(this.#dice.chance(0.5) ? text : new TextEncoder().encode(text));
    }
  }

  #read(input: Uint8Array | string): void {
    const serializer = this.#dice.pick(this.#serializers);
    try {
      const message = serializer.deserialize(input);
      if (message === undefined) return;
      this.taken += 1;
      this.#check(message, serializer);
    } catch (error) {
      this.thrown += 1;
      this.#watch.problem(`The decoder threw ${error} at ${shown(input)}.`);
    }
  }

  /** What was taken is a message that may come from outside, and what is written of it can be read. */
  #check(message: BusMessage, serializer: JSONMessageSerializer): void {
    if (!(message instanceof BusMessage) || (message.constructor as typeof BusMessage).local) {
      this.#watch.problem(`The decoder made a ${message.constructor.name}.`);
    }
    if (!this.#dice.chance(0.1)) return;
    try {
      const again = serializer.deserialize(serializer.serialize(message));
      if (again?.constructor !== message.constructor) {
        this.#watch.problem(`A ${message.constructor.name} that was read is written as what cannot be read.`);
      }
    } catch (error) {
      // Data with tags of its own is taken and, without being told to, not passed on.
      if (!(error instanceof TrunklineError)) throw error;
    }
  }
}

function shown(input: Uint8Array | string): string {
  return JSON.stringify(typeof input === "string" ? input : Buffer.from(input).toString("latin1")).slice(0, 500);
}

const inputsOfAPart = 5_500;

export async function attackDecoder(
  { scale, random, signal, note }: ProofContext,
  counts: HostileCounts,
): Promise<Outcome> {
  const samples = wireSamples();
  const watch = await Watch.started(scale);
  const total = counts.mutated + counts.made;
  const parts = Math.ceil(total / inputsOfAPart);
  let taken = 0;
  let thrown = 0;
  for (let part = 0; part < parts; part += 1) {
    signal.throwIfAborted();
    const seed = Math.floor(random() * 2 ** 32);
    let readers: readonly Reader[] = [];
    await watch.part(`inputs made with the seed ${seed}`, async () => {
      const dice = new Dice(seededRandom(seed));
      readers = samples.map((sample) => new Reader(sample, dice, watch));
      const steady = new Steady();
      for (let index = 0; index < inputsOfAPart; index += 1) {
        dice.pick(readers).read(dice.below(total) < counts.mutated ? "mutated" : "made");
        await steady.breathe();
      }
    });
    for (const reader of readers) {
      taken += reader.taken;
      thrown += reader.thrown;
    }
    if (part % 50 === 49) note(`${part + 1} parts of ${parts}`);
  }
  if (taken < total / 1_000) watch.problem(`Only ${taken} inputs were taken: the attack does not get far enough.`);
  return watch.outcome([
    `${counts.mutated.toLocaleString("en")} mutated and ${counts.made.toLocaleString("en")} made`,
    `${taken.toLocaleString("en")} were messages after all`,
    `${thrown} crashes`,
  ]);
}
