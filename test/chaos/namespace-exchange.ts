import { setTimeout as pause } from "node:timers/promises";
import { Dice } from "./dice.ts";
import { EndProcess } from "./end-process.ts";
import type { EndReport } from "./end-report.ts";
import { NetworkNamespaces, type PacketCounts } from "./network-namespaces.ts";
import type { EndName } from "./numbered-end.ts";
import type { Outcome, ProofContext } from "./proof.ts";

/** A time in which the link between the namespaces is as bad as this. */
export interface Stage {
  /** How likely it is that a packet is dropped, either way. */
  readonly loss: number;
  /** At least so many each way; more when it takes longer until the link was down often enough. */
  readonly messages: number;
  /** How often the link goes down. */
  readonly downs: number;
}

export interface NamespaceExchange {
  readonly stages: readonly Stage[];
  readonly perSecond: number;
  readonly heartbeatMs: number;
}

const backoff = { minMs: 2, spreadMs: 10, maxSpreadMs: 50, stableMs: 50 };
/** The first packet of a connection is sent again after a second at the earliest; another attempt is quicker. */
const connectTimeoutMs = 500;
/** A silent peer is cut after so many heartbeats. */
const patience = 2.5;
/** Nothing has moved for so long: it never will. */
const stuckMs = 20_000;

/** Sends numbered messages both ways between two network namespaces while things happen to the link between them. */
export async function exchangeAcross(context: ProofContext, options: NamespaceExchange): Promise<Outcome> {
  const dice = new Dice(context.random);
  const link = { backoff, connectTimeoutMs, heartbeatMs: options.heartbeatMs };
  const setting = () => ({ link, seed: dice.below(2 ** 31) });
  await using namespaces = await NetworkNamespaces.made();
  await using server = new EndProcess("server", namespaces.inside("server"), setting());
  await using client = new EndProcess("client", namespaces.inside("client"), setting());
  return await new NamespaceRun(context, options, namespaces, [client, server], dice).outcome();
}

class NamespaceRun {
  readonly #context: ProofContext;
  readonly #options: NamespaceExchange;
  readonly #namespaces: NetworkNamespaces;
  readonly #ends: readonly [EndProcess, EndProcess];
  readonly #dice: Dice;
  readonly #problems: string[] = [];
  readonly #losses: (PacketCounts & Pick<Stage, "loss">)[] = [];
  #downs = 0;
  /** Those of them that lasted until an end took its peer for dead. */
  #longDowns = 0;

  constructor(
    context: ProofContext,
    options: NamespaceExchange,
    namespaces: NetworkNamespaces,
    ends: readonly [EndProcess, EndProcess],
    dice: Dice,
  ) {
    this.#context = context;
    this.#options = options;
    this.#namespaces = namespaces;
    this.#ends = ends;
    this.#dice = dice;
  }

  async outcome(): Promise<Outcome> {
    const [client, server] = this.#ends;
    server.tell({ listen: this.#namespaces.address("server") });
    await this.#wait(() => server.url !== undefined, "the server");
    client.tell({ connect: server.url ?? "" });
    await this.#wait(() => this.#isConnected, "the session");
    const startedAt = performance.now();
    for (const end of this.#ends) end.tell({ perSecond: this.#options.perSecond });
    for (const stage of this.#options.stages) await this.#pass(stage);
    for (const end of this.#ends) end.tell("enough");
    await this.#wait(() => this.#isQuiet, "the last message");
    const seconds = (performance.now() - startedAt) / 1_000;
    await this.#close();
    return this.#judged(seconds);
  }

  async #pass({ loss, messages, downs }: Stage): Promise<void> {
    if (this.#hopeless) return;
    const already = Math.min(...this.#reports.map(({ highest }) => highest));
    if (loss > 0) await this.#namespaces.lose(loss);
    // Not from the first message to the last, so that each of them finds traffic.
    const moments = Array.from({ length: downs }, () => already + messages * (0.02 + 0.96 * this.#context.random()));
    for (const moment of moments.sort((one, other) => one - other)) await this.#takeDown(moment);
    await this.#until(already + messages);
    if (loss === 0) return;
    this.#losses.push({ loss, ...(await this.#namespaces.loseNoMore()) });
  }

  async #until(message: number): Promise<void> {
    await this.#wait(() => this.#every(({ highest }) => highest >= message), `message ${Math.floor(message)}`);
  }

  async #takeDown(moment: number): Promise<void> {
    const isLong = this.#downs % 2 === 0;
    // Many a short one falls on a client that is just coming back.
    if (!isLong && this.#dice.chance(0.5)) await pause(this.#dice.below(50));
    else await this.#until(moment);
    if (isLong) await this.#wait(() => this.#isConnected, "a connection");
    if (this.#hopeless) return;
    await this.#down(isLong ? () => this.#untilFound() : () => pause(this.#dice.between(5, 150)));
    this.#downs += 1;
    if (isLong) this.#longDowns += 1;
  }

  /** At one end or at both, which is not the same: where the link was taken down there is no route either. */
  async #down(wait: () => Promise<void>): Promise<void> {
    const where = this.#dice.pick([["client"], ["server"], ["client", "server"]] as const);
    for (const end of where) await this.#namespaces.link(end, "down");
    await wait();
    for (const end of where) await this.#namespaces.link(end, "up");
  }

  /** Until one end, or each, takes the silent other one for dead, and some time more. */
  async #untilFound(): Promise<void> {
    const [client, server] = this.#ends;
    const finders = this.#dice.pick([[client], [server], [client, server]]);
    const before = finders.map(({ report }) => report?.interrupted ?? 0);
    const isFound = () => finders.every(({ report }, index) => (report?.interrupted ?? 0) > (before[index] ?? 0));
    await this.#wait(isFound, "a cut", () => "");
    await pause(this.#dice.below(patience * this.#options.heartbeatMs));
  }

  get #reports(): readonly EndReport[] {
    return this.#ends.flatMap(({ report }) => report ?? []);
  }

  #every(condition: (report: EndReport) => boolean): boolean {
    return this.#reports.length === this.#ends.length && this.#reports.every(condition);
  }

  get #isConnected(): boolean {
    return this.#every(({ isConnected }) => isConnected);
  }

  /** Everything has arrived that was sent. */
  get #isQuiet(): boolean {
    const [client, server] = this.#reports;
    if (!this.#every(({ isProducing }) => !isProducing)) return false;
    return client?.highest === server?.sent && server?.highest === client?.sent;
  }

  get #hopeless(): boolean {
    return this.#context.signal.aborted || this.#problems.length > 0;
  }

  /** Until it is so; a problem when it is not although nothing moves any more. */
  async #wait(condition: () => boolean, what: string, progress = () => this.#traffic): Promise<void> {
    let last = progress();
    let movedAt = performance.now();
    while (!condition() && !this.#hopeless) {
      await pause(5);
      const now = progress();
      if (now !== last) movedAt = performance.now();
      last = now;
      if (performance.now() - movedAt <= stuckMs && !this.#isOver) continue;
      this.#problems.push(`${what} did not come, after ${this.#downs} link-downs: ${this.#story}.`);
    }
  }

  get #traffic(): string {
    return this.#reports.map(({ sent, received }) => sent + received).join();
  }

  get #isOver(): boolean {
    return this.#ends.some(({ isRunning }) => !isRunning) || this.#reports.some(({ endings }) => endings.length > 0);
  }

  get #story(): string {
    return this.#ends
      .map(({ name, isRunning, report }) => {
        if (!isRunning || report === undefined) return `${name} ${isRunning ? "has no session" : "is gone"}`;
        const endings = report.endings.map(({ story }) => story).join();
        return `${name} ${report.state} ${endings}, ${report.interrupted} times interrupted, ${report.resumed} resumed`;
      })
      .join("; ");
  }

  async #close(): Promise<void> {
    // A client says goodbye over a connection; the last cut may have been a moment ago.
    await this.#wait(() => this.#isConnected, "a connection");
    if (this.#hopeless) return;
    this.#ends[0].tell("close");
    const deadline = performance.now() + 5_000;
    while (!this.#every(({ endings }) => endings.length > 0) && performance.now() < deadline) await pause(5);
    for (const { name, report } of this.#ends) {
      const { endings = [] } = report ?? {};
      const stories = endings.map(({ story }) => story).join();
      if (endings.length !== 1 || endings[0]?.isWrong) this.#problems.push(`${name} ended wrongly: ${stories}.`);
    }
  }

  #judged(seconds: number): Outcome {
    const [client, server] = this.#reports;
    if (this.#context.signal.aborted) this.#problems.push("The run was stopped.");
    if (client === undefined || server === undefined) return { passed: false, figures: [], problems: this.#problems };
    const ways = [this.#way("client", client, server), this.#way("server", server, client)];
    const sum = (key: "lost" | "doubled" | "disordered") => ways.reduce((total, way) => total + way[key], 0);
    const sent = Math.min(client.sent, server.sent);
    for (const { loss, sent, dropped } of this.#losses) {
      // Where so many were to be expected, none at all is not by chance.
      if (dropped === 0 && sent * loss > 20) this.#problems.push(`None of ${sent} packets was lost.`);
    }
    const cuts = Math.max(client.interrupted, server.interrupted);
    return {
      passed: this.#problems.length === 0,
      figures: [
        `${number(this.#downs)} link-downs, ${number(this.#longDowns)} until an end took its peer for dead ` +
          `(${number(cuts)} cuts) in ${number(sent)} messages each way`,
        ...this.#losses.map(({ loss, sent, dropped }) => {
          return `${number(dropped)} of ${number(sent)} packets lost at ${loss * 100} %`;
        }),
        `${sum("lost")} lost, ${sum("doubled")} doubled, ${sum("disordered")} out of order`,
        `${number(Math.floor(sent / seconds))}/s each way`,
        `${number(client.replayed + server.replayed)} sent again`,
      ],
      problems: this.#problems,
    };
  }

  #way(name: EndName, { sent, refused, complaints }: EndReport, to: EndReport) {
    const { missing, highest, doubled, outOfOrder, damaged } = to;
    this.#problems.push(...complaints.map((complaint) => `${name}: ${complaint}`));
    if (refused > 0) this.#problems.push(`${name}: ${refused} messages were refused.`);
    const way = { lost: missing + Math.max(0, sent - highest), doubled, disordered: outOfOrder + damaged };
    for (const [what, count] of Object.entries(way)) {
      if (count > 0) this.#problems.push(`from the ${name}: ${count} of ${sent} messages ${what}.`);
    }
    return way;
  }
}

function number(value: number): string {
  return value.toLocaleString("en");
}
