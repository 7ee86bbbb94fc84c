import { seededRandom } from "../../../src/faults/seeded-random.ts";
import { readControlFrame } from "../../../src/proxy/link/index.ts";
import { Dice } from "../dice.ts";
import type { Outcome, ProofContext } from "../proof.ts";
import type { HostileCounts } from "./decoder.ts";
import { HostileJson } from "./hostile-json.ts";
import { LinkStage, roles } from "./link-stage.ts";
import { Mutator } from "./mutation.ts";
import { Steady } from "./steady.ts";
import { Tally } from "./tally.ts";
import { Watch } from "./watch.ts";

const closeCodes = [1000, 1001, 1002, 1006, 1008, 1009, 1011, 1012, 4000, 4401, 4408, 4409, 4500, 4503, 4999, 3000];

/** What is right in a session, for being changed. */
const controlTexts = [
  '{"t":"hello","v":1,"sid":null,"received":0}',
  '{"t":"ack","received":1}',
  '{"t":"skip","count":1}',
  '{"t":"bye"}',
  '{"t":"away","retryMs":[100,200]}',
  '{"t":"resumed","received":0,"token":"AAAAAAAAAAAAAAAAAAAAAA"}',
];

/** What an attack must bring about to be one, and what one that is long enough brings about too. */
const reached = ["opened", "message", "interrupted", "lost violation", "lost refused"];
const reachedInTime = [
  ...reached,
  "resumed",
  "slow",
  "oversize",
  "lost expired",
  "lost overflow",
  "lost mismatch",
  "lost pressure",
];

class Attacker {
  readonly #dice: Dice;
  readonly #json: HostileJson;
  readonly #mutator: Mutator;
  readonly #mutatedShare: number;
  readonly #problem: (line: string) => void;
  /** How many it has sent. */
  frames = 0;

  constructor(dice: Dice, mutatedShare: number, problem: (line: string) => void) {
    this.#dice = dice;
    this.#json = new HostileJson(dice, ["welcome"]);
    this.#mutator = new Mutator(dice, this.#json, controlTexts);
    this.#mutatedShare = mutatedShare;
    this.#problem = problem;
  }

  /** Does something; what it says is right with the probability of its `manners`. */
  async step(stage: LinkStage, manners: number): Promise<void> {
    const dice = this.#dice;
    const { socket, link } = stage;
    const kind = dice.below(100);
    if (kind < 55 && dice.chance(manners)) stage.behaves();
    else if (kind < 55) this.#say(stage);
    else if (kind < 65) this.#haveSent(stage);
    else if (kind < 69) stage.comesBack();
    else if (kind < 73) socket?.ends(dice.pick(closeCodes), dice.pick(["", "because", "é".repeat(60)]));
    else if (kind < 75) socket?.fails();
    else if (kind < 78) dice.pick([() => socket?.stalls(), () => socket?.reads(), () => socket?.pings()])();
    else if (kind < 84) stage.clock.advance(dice.pick([0, 10, 250, 1_100, 3_500]));
    else if (kind < 85) void link?.close(dice.pick([1000, 1001]), "enough");
    else if (kind < 86 && dice.chance(0.3)) link?.terminate();
    else if (kind < 87) link?.holdBack(dice.chance(0.5));
    else await new Promise((resolve) => setImmediate(resolve));
    stage.hears();
  }

  #haveSent(stage: LinkStage): void {
    for (let more = this.#dice.below(20); more >= 0; more -= 1) {
      stage.sends(new Uint8Array(this.#dice.pick([0, 1, 10, 700, 2_000, 2_001])));
    }
  }

  #say(stage: LinkStage): void {
    if (!stage.isHeard) return;
    const dice = this.#dice;
    const data = dice.chance(this.#mutatedShare) ? this.#mutated() : this.#made(stage);
    this.frames += 1;
    const isText = dice.chance(0.7);
    if (isText) this.#read(data);
    stage.socket?.says(isText ? Buffer.from(data).toString("utf8") : data);
  }

  #mutated(): Uint8Array {
    return this.#mutator.next();
  }

  #made({ control, known }: LinkStage): Uint8Array {
    return Buffer.from(this.#dice.chance(0.7) ? control.any(known) : this.#json.value());
  }

  /** What is read of a control frame is within its bounds, whatever was in it. */
  #read(bytes: Uint8Array): void {
    try {
      const frame = readControlFrame(bytes);
      if (frame === undefined) return;
      for (const [name, value] of Object.entries(frame)) {
        if (typeof value === "number" && (!Number.isSafeInteger(value) || value < 0)) {
          this.#problem(`A control frame was read with ${name} ${value}.`);
        }
      }
    } catch (error) {
      this.#problem(`The reader of control frames threw ${error} at ${Buffer.from(bytes).toString("latin1")}.`);
    }
  }
}

const framesOfAPart = 1_100;
const stepsOfAStage = 100;

export async function attackLinks(
  { scale, random, signal, note }: ProofContext,
  counts: HostileCounts,
): Promise<Outcome> {
  const watch = await Watch.started(scale);
  const tally = new Tally();
  const total = counts.mutated + counts.made;
  const parts = Math.ceil(total / framesOfAPart);
  for (let part = 0; part < parts; part += 1) {
    signal.throwIfAborted();
    const seed = Math.floor(random() * 2 ** 32);
    await watch.part(`links with the seed ${seed}`, async () => {
      const dice = new Dice(seededRandom(seed));
      const attacker = new Attacker(dice, counts.mutated / total, (line) => watch.problem(line));
      while (attacker.frames < framesOfAPart) await oneLink(dice, attacker, watch, tally);
    });
    if (part % 250 === 249) note(`${part + 1} parts of ${parts}`);
  }
  note(tally.text);
  for (const what of scale === "small" ? reached : reachedInTime) {
    if (tally.of(what) === 0) watch.problem(`The attack does not get far enough: nothing was ${what}.`);
  }
  return watch.outcome([
    `${counts.mutated.toLocaleString("en")} mutated and ${counts.made.toLocaleString("en")} made frames`,
    `${tally.of("stage").toLocaleString("en")} links in four roles`,
    `${tally.of("crash")} crashes`,
    "each link ended once, no send was left hanging",
  ]);
}

async function oneLink(dice: Dice, attacker: Attacker, watch: Watch, tally: Tally): Promise<void> {
  const stage = new LinkStage(dice.pick(roles), dice, tally);
  const steady = new Steady();
  tally.count("stage");
  try {
    stage.begin();
    // One that violates the protocol at once does not see much of it.
    const manners = dice.pick([0, 0, 0.5, 0.9]);
    for (let step = 0; step < stepsOfAStage && !stage.over; step += 1) {
      await attacker.step(stage, manners);
      await steady.breathe();
    }
  } catch (error) {
    tally.count("crash");
    watch.problem(`A link threw ${error instanceof Error ? error.stack : error}`);
  }
  for (const problem of await stage.end()) watch.problem(problem);
}
