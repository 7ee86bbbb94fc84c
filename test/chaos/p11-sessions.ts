import { setTimeout as pause } from "node:timers/promises";
import { type AgentBus, BaseAgent, BusFrameMessage, type BusMessage } from "trunkline";
import { type AgentSession, serveAgents } from "trunkline/server";
import type { WebSocket } from "ws";
import { until } from "../support/settled.ts";
import { Dice } from "./dice.ts";
import { JoinedRunner } from "./joined-runner.ts";
import { NumberedReceiver, NumberedSender } from "./numbered.ts";
import type { Outcome, ProofContext } from "./proof.ts";
import { stampedText, stampIn } from "./stamped-text.ts";

const backoff = { minMs: 1, spreadMs: 50, maxSpreadMs: 200 };
const link = { resume: "require", backoff } as const;
const cutsPerSecond = 50;
const messageEveryMs = 60;
const atOnce = 20;
const patienceMs = 60_000;

/** Takes what its peer says, and knows whose session it is in. */
class Belonging extends BaseAgent {
  readonly sender: NumberedSender;
  readonly receiver: NumberedReceiver;
  readonly owner: string;
  strays = 0;
  websocket: WebSocket | undefined;
  readonly #peer: string;

  constructor(name: string, peer: string, bus: AgentBus, owner: string) {
    super(name, { bus });
    this.#peer = peer;
    this.owner = owner;
    // Numbers of one session are no numbers of another.
    this.sender = new NumberedSender(Number(owner));
    this.receiver = new NumberedReceiver(Number(owner));
  }

  override async onBusMessage(message: BusMessage): Promise<void> {
    await super.onBusMessage(message);
    const found = stampIn(message, this.#peer);
    if (found === undefined) return;
    if (found.mark !== this.owner) this.strays += 1;
    else this.receiver.take(found.stamp);
  }

  async speak(): Promise<void> {
    await this.bus.send(stampedText(this.name, this.sender.next(), 64, this.owner));
  }
}

export interface Crowd {
  readonly sessions: number;
  readonly reconnects: number;
}

export async function reconnectAtRandom(context: ProofContext, crowd: Crowd): Promise<Outcome> {
  const run = new CrowdRun(context, crowd);
  return await run.outcome();
}

class CrowdRun {
  readonly #context: ProofContext;
  readonly #crowd: Crowd;
  readonly #dice: Dice;
  readonly #problems: string[] = [];
  readonly #servants = new Map<string, Belonging>();
  readonly #clients: JoinedRunner<Belonging>[] = [];
  #cuts = 0;

  constructor(context: ProofContext, crowd: Crowd) {
    this.#context = context;
    this.#crowd = crowd;
    this.#dice = new Dice(context.random);
  }

  async outcome(): Promise<Outcome> {
    const { sessions, reconnects } = this.#crowd;
    const server = await serveAgents(
      {
        link,
        maxConnectionsPerAddress: 3 * sessions,
        maxSessions: 2 * sessions,
        authenticate: ({ headers }) => headers["x-owner"],
      },
      (session) => this.#serve(session),
    );
    try {
      await this.#connect(server.url);
      const done = new AbortController();
      const talking = [...this.#agents].map((agent) => this.#talk(agent, done.signal));
      await this.#cutAtRandom();
      done.abort();
      await Promise.all(talking);
      await until(() => this.#isQuiet || this.#context.signal.aborted, "the last messages", patienceMs);
      const { resumed, lost } = server.counters;
      const losses = Object.values(lost).reduce((sum, count) => sum + count, 0);
      return this.#judged(resumed, losses, reconnects);
    } finally {
      await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
      await server.close({ graceMs: 0 });
    }
  }

  get #agents(): readonly Belonging[] {
    return [...this.#clients.map(({ acme }) => acme), ...this.#servants.values()];
  }

  /** Both ends of each session. */
  get #pairs(): readonly (readonly [Belonging, Belonging])[] {
    return this.#clients.map(({ acme }) => [acme, this.#servants.get(acme.owner) ?? acme] as const);
  }

  get #isQuiet(): boolean {
    return this.#pairs.every(([one, other]) => {
      return one.receiver.highest === other.sender.sent && other.receiver.highest === one.sender.sent;
    });
  }

  async #serve({ principal, runner, proxy }: AgentSession): Promise<void> {
    const owner = String(principal);
    if (this.#servants.has(owner)) this.#problems.push(`Client ${owner} got a second session.`);
    const gateway = proxy({ agentName: "assistant", remoteAgentName: "acme", forwardMessages: [BusFrameMessage] });
    const servant = new Belonging("assistant", "acme", runner.bus, owner);
    gateway.on("clientConnected", (websocket) => {
      servant.websocket = websocket as WebSocket;
    });
    gateway.on("resumed", ({ websocket }) => {
      servant.websocket = websocket as WebSocket;
    });
    this.#servants.set(owner, servant);
    await runner.addAgent(gateway);
    await runner.addAgent(servant);
  }

  async #connect(url: string): Promise<void> {
    const { sessions } = this.#crowd;
    while (this.#clients.length < sessions && !this.#context.signal.aborted) {
      const first = this.#clients.length;
      const batch = Array.from({ length: Math.min(atOnce, sessions - first) }, async (_, index) => {
        const owner = String(first + index + 1);
        const build = (bus: AgentBus) => new Belonging("acme", "assistant", bus, owner);
        const client = await JoinedRunner.connected(url, build, { link, headers: { "x-owner": owner } });
        client.proxy.on("resumed", ({ websocket }) => {
          client.acme.websocket = websocket as WebSocket;
        });
        return client;
      });
      this.#clients.push(...(await Promise.all(batch)));
    }
  }

  async #talk(agent: Belonging, done: AbortSignal): Promise<void> {
    while (!done.aborted) {
      await agent.speak();
      await pause(messageEveryMs * (0.5 + this.#context.random()));
    }
  }

  /** Now at one end, now at the other, now many at once, and now one that has hardly come back. */
  async #cutAtRandom(): Promise<void> {
    while (this.#cuts < this.#crowd.reconnects && !this.#context.signal.aborted) {
      const many = this.#dice.chance(0.1) ? 5 : 1;
      for (let n = 0; n < many; n += 1) {
        const agent = this.#dice.pick(this.#agents);
        if (agent.websocket?.readyState !== 1) continue;
        agent.websocket.terminate();
        this.#cuts += 1;
      }
      await pause((many * 2_000 * this.#context.random()) / cutsPerSecond);
    }
  }

  #judged(resumed: number, losses: number, reconnects: number): Outcome {
    let [strays, damaged, messages] = [0, 0, 0];
    for (const [one, other] of this.#pairs) {
      if (one === other) this.#problems.push(`Client ${one.owner} has no session.`);
      for (const [to, from] of [[one, other] as const, [other, one] as const]) {
        strays += to.strays;
        damaged += to.receiver.damaged;
        messages += from.sender.sent;
        this.#problems.push(...to.receiver.problems(from.sender.sent, `session ${one.owner}`));
      }
    }
    if (strays + damaged > 0) this.#problems.push(`${strays + damaged} messages were in the wrong session.`);
    if (losses > 0) this.#problems.push(`${losses} sessions were lost.`);
    if (this.#cuts < reconnects || resumed < reconnects / 2) {
      this.#problems.push(`There were only ${this.#cuts} cuts and ${resumed} resumes.`);
    }
    const number = (count: number) => count.toLocaleString("en");
    return {
      passed: this.#problems.length === 0,
      figures: [
        `${this.#clients.length} sessions, ${number(this.#cuts)} cuts, ${number(resumed)} resumes`,
        `${number(messages)} messages, ${strays + damaged} in the wrong session`,
        `${this.#problems.length === 0 ? "none" : "some"} lost, doubled or out of order`,
      ],
      problems: this.#problems,
    };
  }
}
