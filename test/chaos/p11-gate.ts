import { BusAgentGoneMessage, BusAgentReadyMessage, BusAgentRegistryMessage } from "../../src/bus/index.ts";
import { type Crossing, modelPasses, type World } from "../proxy/gate-model.ts";
import { Dice } from "./dice.ts";
import { GateStage } from "./p11-gate-stage.ts";
import { type Drawn, draw, drawWorld, expected, isAnnouncement, isUrgent, seen } from "./p11-gate-traffic.ts";
import type { Outcome, ProofContext } from "./proof.ts";

const messagesPerWorld = 500;
const longestBatch = 12;
const maxProblems = 5;

type Direction = Crossing["direction"];

/** Random messages both ways through one real gate after another, each judged by the model of the contract's tables. */
export class GateRun {
  readonly #context: ProofContext;
  readonly #dice: Dice;
  readonly #problems: string[] = [];
  readonly #sent: Record<Direction, number> = { out: 0, in: 0 };
  readonly #crossed: Record<Direction, number> = { out: 0, in: 0 };
  #worlds = 0;

  constructor(context: ProofContext) {
    this.#context = context;
    this.#dice = new Dice(context.random);
  }

  async outcome(messages: number): Promise<Outcome> {
    const { signal } = this.#context;
    while (this.#sent.out + this.#sent.in < messages && !signal.aborted && this.#problems.length < maxProblems) {
      const world = drawWorld(this.#dice);
      await using stage = await GateStage.of(world);
      await this.#through(stage, world);
      this.#worlds += 1;
    }
    // Else the comparison shows nothing.
    if (Math.min(this.#crossed.out, this.#crossed.in) < messages / 50) this.#problems.push("Hardly anything crossed.");
    const number = (count: number) => count.toLocaleString("en");
    const figures = [
      `${number(this.#sent.out + this.#sent.in)} random messages over ${this.#worlds} connections`,
      `${number(this.#crossed.out)} of ${number(this.#sent.out)} went out, ${number(this.#crossed.in)} of ${number(this.#sent.in)} came in`,
      `${this.#problems.length} not as the model says`,
    ];
    return { passed: this.#problems.length === 0, figures, problems: this.#problems };
  }

  async #through(stage: GateStage, world: World): Promise<void> {
    const history: Crossing[] = [];
    for (let sent = 0; sent < messagesPerWorld && this.#problems.length < maxProblems; ) {
      const direction = this.#dice.pick(["out", "in"] as const);
      const batch = this.#drawBatch(stage, direction);
      await this.#send(stage, world, history, direction, batch);
      sent += batch.length;
    }
  }

  /** Of one lane, so that there is one order. */
  #drawBatch(stage: GateStage, direction: Direction): readonly Drawn[] {
    const urgent = this.#dice.chance(0.4);
    const batch: Drawn[] = [];
    const length = this.#dice.between(1, longestBatch);
    while (batch.length < length) {
      const drawn = draw(this.#dice);
      if (isUrgent(drawn) !== urgent) continue;
      if (direction === "out" || stage.isSayable(drawn.message)) batch.push(drawn);
    }
    return batch;
  }

  async #send(stage: GateStage, world: World, history: Crossing[], direction: Direction, batch: readonly Drawn[]) {
    const passing = batch.filter(({ described: message }) => {
      const crossing = { direction, message };
      // What carries the name of the other side's agent has come in over the link, and goes nowhere from here.
      const returns = direction === "out" && message.source === world.there;
      const passes = !returns && modelPasses(crossing, world, history);
      if (passes) history.push(crossing);
      return passes;
    });
    this.#sent[direction] += batch.length;
    this.#crossed[direction] += passing.length;
    const keptBefore = stage.kept;
    const first = batch[0];
    const urgent = first !== undefined && isUrgent(first);
    const messages = batch.map(({ message }) => message);
    const arrived = await stage[direction](messages, urgent);
    const [wanted, got] =
      direction === "out"
        ? [passing.map((drawn) => expected(drawn, world.here)), arrived.map(seen)]
        : [
            passing.filter((drawn) => !isAnnouncement(drawn)).map((drawn) => expected(drawn, world.there)),
            plain(arrived),
          ];
    if (wanted.join("\n") !== got.join("\n")) this.#differs(world, direction, batch, wanted, got);
    const kept = stage.kept - keptBefore;
    if (direction === "in" && kept !== batch.length - passing.length) {
      this.#differs(world, direction, batch, [`${batch.length - passing.length} kept out`], [`${kept} kept out`]);
    }
  }

  #differs(
    { side, forward }: World,
    direction: Direction,
    batch: readonly Drawn[],
    wanted: readonly string[],
    got: readonly string[],
  ): void {
    const said = batch.map(({ message }) => seen(message)).join("; ");
    const where = `${direction} at the ${side}'s side, which forwards ${forward}`;
    this.#problems.push(`${where}: ${said}. The model: ${wanted.join("; ")}. The gate: ${got.join("; ")}.`);
  }
}

/** Without what the proxy itself says of agents. */
function plain(arrived: Awaited<ReturnType<GateStage["in"]>>): string[] {
  const ofAgents = [BusAgentReadyMessage, BusAgentRegistryMessage, BusAgentGoneMessage];
  return arrived.filter((message) => !ofAgents.some((type) => message instanceof type)).map(seen);
}
