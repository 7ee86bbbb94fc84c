import { seededRandom } from "../../../src/faults/seeded-random.ts";
import { resumeProtocol } from "../../../src/proxy/link/index.ts";
import { until } from "../../support/settled.ts";
import { Dice } from "../dice.ts";
import type { Outcome, ProofContext } from "../proof.ts";
import { ControlText, type Known } from "./control-text.ts";
import type { HostileCounts } from "./decoder.ts";
import { HostileJson } from "./hostile-json.ts";
import { Mutator } from "./mutation.ts";
import { RawClient } from "./raw-client.ts";
import { binary, closeFrame, opcodes, ping, text } from "./raw-frame.ts";
import { Target } from "./target.ts";
import { Watch } from "./watch.ts";
import { wireSamples } from "./wire-samples.ts";

const inputsOfAPart = 1_100;
const inputsOfABatch = 20;
const batchesOfAConnection = 15;

const sources = ["acme", "acme", "eve", "assistant", "gateway", "gateway/outbound", "guard", ""];
const targets = ["assistant", "assistant", "gateway", "gateway/outbound", "guard", "acme", "eve", ""];

/** The messages of peers, from and to everybody there is on the attacked bus, and some there are not. */
function addressed(dice: Dice): { readonly texts: readonly string[]; readonly types: readonly string[] } {
  const samples = wireSamples().filter(({ dialect }) => dialect === "subagents");
  const readdressed = (text: string) =>
    Array.from({ length: 4 }, () => {
      const to = dice.pick(targets);
      const target = dice.chance(0.2) ? "" : `,"target":"${to}"`;
      return text.replace(/"source":"[^"]*"(,"target":"[^"]*")?/, `"source":"${dice.pick(sources)}"${target}`);
    });
  return {
    texts: samples.flatMap(({ texts }) => texts.flatMap(readdressed)),
    types: samples.flatMap(({ types }) => types),
  };
}

/** A client that comes again and again, and says what it likes. */
class Intruder {
  readonly #target: Target;
  readonly #dice: Dice;
  readonly #mutatedShare: number;
  readonly #resumes: boolean;
  readonly #mutator: Mutator;
  readonly #texts: readonly string[];
  readonly #json: HostileJson;
  readonly #control: ControlText;
  readonly #known: Known = { sent: 0 };
  inputs = 0;
  connections = 0;
  resumed = 0;

  constructor(target: Target, dice: Dice, mutatedShare: number, resumes: boolean) {
    const { texts, types } = addressed(dice);
    this.#texts = texts;
    this.#target = target;
    this.#dice = dice;
    this.#mutatedShare = mutatedShare;
    this.#resumes = resumes;
    this.#json = new HostileJson(dice, types);
    this.#mutator = new Mutator(dice, this.#json, texts);
    this.#control = new ControlText(dice);
  }

  /** One connection, from its handshake to its end in one of many ways. */
  async visit(): Promise<void> {
    const dice = this.#dice;
    this.connections += 1;
    await using client = await RawClient.upgraded(this.#target.port, this.#resumes ? resumeProtocol : undefined);
    if (this.#resumes && !(await this.#isWelcome(client))) return;
    const controlShare = this.#resumes ? dice.pick([0, 0, 0.001, 0.02]) : 0;
    for (let batch = 0; batch < batchesOfAConnection && !client.over; batch += 1) {
      for (let index = 0; index < inputsOfABatch; index += 1) client.say(this.#input(controlShare));
      // So that the server has read it all, and the next batch does not pile up in front of it.
      const heard = client.framesHeard;
      client.say(ping("read?"));
      await until(
        () => client.over || client.frames.some(isPong) || client.framesHeard > heard,
        "the answer to a ping",
      );
      client.forget();
    }
    const { texts } = client;
    if (texts.length > 0) this.#learn(texts);
    const leave = dice.pick([
      () => client.reset(),
      () => client.say(closeFrame(dice.pick([1000, 1001, 4000, 4999]))),
      () => client.say(text('{"t":"bye"}'), closeFrame(1000)),
      () => {},
    ]);
    leave();
  }

  /** Says hello; true when the server takes it. */
  async #isWelcome(client: RawClient): Promise<boolean> {
    client.say(text(this.#dice.chance(0.95) ? this.#control.hello(this.#known) : this.#control.any(this.#known)));
    await until(() => client.over || client.texts.length > 0, "the answer to hello");
    const answer = client.texts[0] ?? "";
    if (answer.includes('"resumed"')) this.resumed += 1;
    this.#known.sent = 0;
    this.#learn(client.texts);
    client.say(text('{"t":"ack","received":0}'));
    return !client.over;
  }

  #input(controlShare: number): Uint8Array {
    const dice = this.#dice;
    this.inputs += 1;
    // A wrong control frame ends the session, so most of what is said is in the other kind.
    if (dice.chance(controlShare)) return text(this.#control.any(this.#known));
    if (!dice.chance(this.#mutatedShare)) return binary(this.#json.message());
    // Right in form, and from anybody to anybody.
    if (dice.chance(0.2)) return binary(dice.pick(this.#texts));
    const bytes = this.#mutator.next();
    return this.#resumes || dice.chance(0.7) ? binary(bytes) : text(Buffer.from(bytes).toString("utf8"));
  }

  #learn(texts: readonly string[]): void {
    for (const said of texts) {
      if (!said.startsWith('{"t":')) continue;
      const { sid, token } = JSON.parse(said) as { readonly sid?: string; readonly token?: string };
      this.#known.sid = sid ?? this.#known.sid;
      this.#known.token = token ?? this.#known.token;
    }
  }
}

const isPong = ({ opcode }: { readonly opcode: number }): boolean => opcode === opcodes.pong;

export interface SessionsOptions {
  readonly counts: HostileCounts;
  /** True: the attacker speaks the protocol of sessions that can be resumed. */
  readonly resumes: boolean;
}

export async function attackSessions(context: ProofContext, { counts, resumes }: SessionsOptions): Promise<Outcome> {
  const { scale, random, signal, note } = context;
  const watch = await Watch.started(scale);
  // What is suspended is to be gone soon, as only then its memory can be.
  const target = await Target.started((line) => watch.problem(line), { link: { windowMs: 1_000 } });
  const total = counts.mutated + counts.made;
  let [inputs, connections, resumed] = [0, 0, 0];
  try {
    for (let part = 1; inputs < total; part += 1) {
      signal.throwIfAborted();
      const seed = Math.floor(random() * 2 ** 32);
      let intruder: Intruder | undefined;
      await watch.part(`clients with the seed ${seed}`, async () => {
        intruder = new Intruder(target, new Dice(seededRandom(seed)), counts.mutated / total, resumes);
        while (intruder.inputs < inputsOfAPart) await intruder.visit();
        await target.servesOthers();
      });
      inputs += intruder?.inputs ?? 0;
      connections += intruder?.connections ?? 0;
      resumed += intruder?.resumed ?? 0;
      if (part % 100 === 0) note(`${inputs} of ${total}, ${target.letIn} messages let in`);
    }
    await target.isRidOfAttackers();
    await target.servesNewcomers();
    // So few inputs may be unlucky ones.
    if (target.letIn < total / (scale === "small" ? 300 : 100))
      watch.problem(`Only ${target.letIn} messages came in: the attack is too weak.`);
    if (resumes && resumed === 0 && scale !== "small")
      watch.problem("No session was ever resumed: the attack is too weak.");
  } finally {
    await target[Symbol.asyncDispose]();
  }
  return watch.outcome([
    `${inputs.toLocaleString("en")} hostile messages over ${connections.toLocaleString("en")} connections`,
    ...(resumes ? [`${resumed.toLocaleString("en")} resumed`] : []),
    `${target.letIn.toLocaleString("en")} messages came in, each as the tables allow`,
  ]);
}
