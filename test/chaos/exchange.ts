import { setTimeout as pause } from "node:timers/promises";
import type { FaultConnection } from "../../src/faults/index.ts";
import type { LinkEnding, LinkOptions } from "../../src/proxy/link/index.ts";
import { within } from "../../src/util/index.ts";
import { Dice } from "./dice.ts";
import { LinkPair } from "./link-pair.ts";
import type { NumberedEnd } from "./numbered-end.ts";
import type { Outcome, ProofContext } from "./proof.ts";

export interface Exchange {
  /** What befalls it, in a word or two, in the plural. */
  readonly what: string;
  /** At least so many each way; more when it takes longer until everything has befallen it. */
  readonly messages: number;
  readonly perSecond: number;
  readonly faults: number;
  readonly link: LinkOptions;
  /** Both producers stop while there is no connection; else what they send waits in the link. */
  readonly pauses: boolean;
  /** Whether the pace is part of what is shown. */
  readonly paced: boolean;
  readonly maxMessageBytes?: number | undefined;
  onConnection?(connection: FaultConnection): void;
  /** The n-th thing that happens, from 0. It begins with a session that has a connection on both sides. */
  befall(pair: LinkPair, dice: Dice, n: number): void | Promise<void>;
}

/** Nothing has moved for so long: it never will. */
const stuckMs = 20_000;
const warmUpMessages = 2_000;

/** Sends numbered messages both ways at once while things happen to the connection, and checks what arrives. */
export async function exchange(context: ProofContext, options: Exchange): Promise<Outcome> {
  const dice = new Dice(context.random);
  const { link, onConnection } = options;
  await using pair = await LinkPair.connected({ dice, client: link, server: link, onConnection });
  const run = new ExchangeRun(context, options, pair, dice);
  return await run.outcome();
}

class ExchangeRun {
  readonly #context: ProofContext;
  readonly #options: Exchange;
  readonly #pair: LinkPair;
  readonly #dice: Dice;
  readonly #problems: string[] = [];
  #befallen = 0;

  constructor(context: ProofContext, options: Exchange, pair: LinkPair, dice: Dice) {
    this.#context = context;
    this.#options = options;
    this.#pair = pair;
    this.#dice = dice;
  }

  async outcome(): Promise<Outcome> {
    const { messages, perSecond, pauses, faults, maxMessageBytes = 64 } = this.#options;
    const pair = this.#pair;
    await this.#warmUp();
    const startedAt = performance.now();
    const already = pair.client.sender.sent;
    const production = {
      perSecond,
      pauses,
      size: () => this.#dice.between(12, maxMessageBytes),
      more: (sent: number) => !this.#hopeless && (sent < already + messages || this.#befallen < faults),
    };
    await Promise.all([...pair.ends.map((end) => end.produce(production)), this.#befall()]);
    await this.#wait(() => pair.isQuiet, "the last message");
    const seconds = (performance.now() - startedAt) / 1_000;
    const ways = pair.ends.map((end, index) => this.#way(end, pair.ends[1 - index] as NumberedEnd));
    await this.#close();
    return this.#judged(ways, (Math.min(...ways.map(({ sent }) => sent)) - already) / seconds);
  }

  /** The machine runs code for the first time as if it were slow. */
  async #warmUp(): Promise<void> {
    const calm = {
      perSecond: Number.POSITIVE_INFINITY,
      pauses: true,
      size: () => 32,
      more: (sent: number) => sent < warmUpMessages,
    };
    await Promise.all(this.#pair.ends.map((end) => end.produce(calm)));
    await this.#wait(() => this.#pair.isQuiet, "the last message before anything happened");
  }

  get #hopeless(): boolean {
    return this.#context.signal.aborted || this.#problems.length > 0;
  }

  async #befall(): Promise<void> {
    const { faults, messages, befall } = this.#options;
    const pair = this.#pair;
    const interruptions = () => pair.client.interrupted + pair.server.interrupted;
    const already = pair.client.sender.sent;
    const delivered = () => Math.min(...pair.ends.map(({ receiver }) => receiver.highest));
    // Not from the first message to the last, so that each of them finds traffic.
    const moments = Array.from({ length: faults }, () => already + messages * (0.02 + 0.96 * this.#context.random()));
    for (const [n, moment] of moments.sort((a, b) => a - b).entries()) {
      await this.#wait(() => delivered() >= moment, `message ${Math.floor(moment)}`);
      await this.#wait(() => pair.isConnected, "a connection");
      if (this.#hopeless) return;
      const before = interruptions();
      await befall(pair, this.#dice, n);
      this.#befallen += 1;
      await this.#wait(() => interruptions() > before, "a cut");
    }
  }

  /** False, and a problem, when nothing moves any more. */
  async #wait(condition: () => boolean, what: string): Promise<void> {
    const progress = () => this.#pair.ends.map(({ sender, receiver }) => sender.sent + receiver.received).join();
    let last = progress();
    let movedAt = performance.now();
    while (!condition() && !this.#hopeless) {
      await pause(1);
      const now = progress();
      if (now !== last || this.#dead) movedAt = now === last ? Number.NEGATIVE_INFINITY : performance.now();
      last = now;
      if (performance.now() - movedAt > stuckMs) {
        this.#context.note(this.#story);
        this.#problems.push(`${what} did not come, after ${this.#befallen} ${this.#options.what}: ${this.#story}.`);
      }
    }
  }

  get #dead(): boolean {
    return this.#pair.ends.some(({ endings }) => endings.length > 0);
  }

  get #story(): string {
    return this.#pair.ends
      .map(({ name, link, endings, interrupted, resumed }) => {
        return `${name} ${link.state} ${endingsOf(endings)}, ${interrupted} times interrupted, ${resumed} resumed`;
      })
      .join("; ");
  }

  async #connected(): Promise<void> {
    while (this.#pair.client.link.state === "interrupted") await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #way(from: NumberedEnd, to: NumberedEnd) {
    const { sent } = from.sender;
    this.#problems.push(...to.receiver.problems(sent, `from the ${from.name}`));
    const { doubled, outOfOrder, damaged } = to.receiver;
    return { sent, lost: to.receiver.lost(sent), doubled, disordered: outOfOrder + damaged };
  }

  async #close(): Promise<void> {
    this.#pair.network.heal();
    // A client says goodbye over a connection; the last cut may have been a moment ago.
    await within(this.#connected(), 5_000);
    await this.#pair.client.link.close();
    await within(this.#pair.server.link.closed, 5_000);
    for (const { name, endings, complaints, refused } of this.#pair.ends) {
      this.#problems.push(...complaints);
      if (refused > 0) this.#problems.push(`${name}: ${refused} messages were refused.`);
      const wrong = endings.length !== 1 || endings.some(({ clean, unacknowledged }) => !clean || unacknowledged > 0);
      if (wrong) this.#problems.push(`${name} ended wrongly: ${endingsOf(endings)}.`);
    }
  }

  #judged(
    ways: readonly { sent: number; lost: number; doubled: number; disordered: number }[],
    perSecond: number,
  ): Outcome {
    const { what, paced } = this.#options;
    const sum = (key: "lost" | "doubled" | "disordered") => ways.reduce((total, way) => total + way[key], 0);
    const sent = Math.min(...ways.map((way) => way.sent));
    if (paced && this.#context.scale !== "small" && perSecond < 5_000) {
      this.#problems.push(`Only ${perSecond.toFixed(0)} messages a second went each way.`);
    }
    const replayed = this.#pair.ends.reduce((total, end) => total + end.replayed, 0);
    const cuts = Math.max(...this.#pair.ends.map(({ interrupted }) => interrupted));
    return {
      passed: this.#problems.length === 0,
      figures: [
        `${number(this.#befallen)} ${what} (${number(cuts)} cuts) in ${number(sent)} messages each way`,
        `${sum("lost")} lost, ${sum("doubled")} doubled, ${sum("disordered")} out of order`,
        `${number(Math.floor(perSecond))}/s each way`,
        `${number(replayed)} sent again`,
      ],
      problems: this.#problems,
    };
  }
}

function endingsOf(endings: readonly LinkEnding[]): string {
  return endings
    .map(({ code, reason, clean, lost, unacknowledged }) =>
      JSON.stringify({ code, reason, clean, lost, unacknowledged }),
    )
    .join();
}

function number(value: number): string {
  return value.toLocaleString("en");
}
