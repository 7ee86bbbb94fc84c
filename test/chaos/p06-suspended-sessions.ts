import { BaseAgent, BusFrameMessage } from "trunkline";
import { type AgentServer, type AgentSession, serveAgents } from "trunkline/server";
import { HandClient, messageOf } from "../resume/hand-client.ts";
import { until } from "../support/settled.ts";
import { LiveMemory } from "./live-memory.ts";
import { mebibyte, mebibytes } from "./mebibytes.ts";
import { NumberedReceiver, NumberedSender } from "./numbered.ts";
import type { Outcome, Proof, ProofContext, Scale } from "./proof.ts";
import { stampedText, stampIn } from "./stamped-text.ts";

interface Size {
  readonly sessions: number;
  readonly maxSuspendedBytes: number | undefined;
  readonly messageBytes: number;
  /** Messages to each session. */
  readonly rounds: number;
  readonly looks: number;
}

const sizes: Readonly<Record<Scale, Size>> = {
  small: { sessions: 50, maxSuspendedBytes: 2 * mebibyte, messageBytes: 4_096, rounds: 20, looks: 2 },
  full: { sessions: 1_000, maxSuspendedBytes: undefined, messageBytes: 16_384, rounds: 36, looks: 12 },
  soak: { sessions: 1_000, maxSuspendedBytes: undefined, messageBytes: 16_384, rounds: 200, looks: 50 },
};
const defaultMaxBytes = 256 * mebibyte;
const slackBytes = 32 * mebibyte;
const atOnce = 25;
const patienceMs = 60_000;

export const proof: Proof = {
  id: "P6",
  title: "what waits for suspended sessions stays within the limit of the server, and the oldest is told `pressure`",
  run: (context) => new Suspension(context, sizes[context.scale]).outcome(),
};

/** A session at the server, and the agent in it that goes on talking. */
class Talk {
  readonly sender = new NumberedSender(1);
  #session: AgentSession | undefined;

  constructor(session: AgentSession) {
    this.#session = session;
    // What is over is to cost nothing, also not because it is still known here.
    session.signal.addEventListener("abort", () => {
      this.#session = undefined;
    });
  }

  get isOver(): boolean {
    return this.#session === undefined;
  }

  async say(messageBytes: number): Promise<void> {
    const { bus } = this.#session?.runner ?? {};
    await bus?.send(stampedText("assistant", this.sender.next(), messageBytes)).catch(() => {});
  }
}

class Suspension {
  readonly #context: ProofContext;
  readonly #size: Size;
  readonly #limit: number;
  readonly #problems: string[] = [];
  /** By the path of the client. */
  readonly #talks = new Map<string, Talk>();
  readonly #clients: HandClient[] = [];
  #peakCounted = 0;
  #peakSuspended = 0;

  constructor(context: ProofContext, size: Size) {
    this.#context = context;
    this.#size = size;
    this.#limit = size.maxSuspendedBytes ?? defaultMaxBytes;
  }

  async outcome(): Promise<Outcome> {
    const { sessions, maxSuspendedBytes } = this.#size;
    const limits = { maxSessions: sessions + 50, maxConnectionsPerAddress: sessions + 50, maxSuspendedBytes };
    const server = await serveAgents(limits, (session) => this.#setUp(session));
    try {
      await this.#connect(server);
      await this.#cutAll(server);
      const memory = await LiveMemory.started();
      await this.#talk(server, memory);
      const told = await this.#comeBack(server);
      if (memory.peakBytes > this.#limit + slackBytes) {
        this.#problems.push(`The process grew by ${mebibytes(memory.peakBytes)}.`);
      }
      const { messageBytes, rounds } = this.#size;
      const figures = [
        `${this.#peakSuspended.toLocaleString("en")} sessions suspended`,
        `${mebibytes(sessions * rounds * messageBytes)} said to them`,
        `at most ${mebibytes(this.#peakCounted)} counted (limit ${mebibytes(this.#limit)})`,
        `the process grew by ${mebibytes(memory.peakBytes)} meanwhile`,
        ...told,
      ];
      return { passed: this.#problems.length === 0, figures, problems: this.#problems };
    } finally {
      await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
      await server.close({ graceMs: 0 });
    }
  }

  async #setUp(session: AgentSession): Promise<void> {
    const { runner, proxy, request } = session;
    await runner.addAgent(
      proxy({ agentName: "assistant", remoteAgentName: "acme", forwardMessages: [BusFrameMessage] }),
    );
    await runner.addAgent(new BaseAgent("assistant", { bus: runner.bus }));
    this.#talks.set(request.headers["x-client"] as string, new Talk(session));
  }

  async #connect(server: AgentServer): Promise<void> {
    const { sessions } = this.#size;
    while (this.#clients.length < sessions && !this.#context.signal.aborted) {
      const first = this.#clients.length;
      const names = Array.from({ length: Math.min(atOnce, sessions - first) }, (_, index) => `${first + index}`);
      const batch = names.map((name) => HandClient.begin(server.url, { "x-client": name }));
      this.#clients.push(...(await Promise.all(batch)));
    }
    // The assistant is announced in each.
    const ready = () => this.#clients.every(({ received }) => received === 1);
    await until(ready, "the sessions being set up", patienceMs);
  }

  /** The first one first, so that it is the one that is gone longest. */
  async #cutAll(server: AgentServer): Promise<void> {
    await this.#clients[0]?.cut();
    await until(() => server.counters.suspended === 1, "the first being suspended", patienceMs);
    await Promise.all(this.#clients.slice(1).map((client) => client.cut()));
    await until(() => server.counters.suspended === this.#size.sessions, "all being suspended", patienceMs);
  }

  async #talk(server: AgentServer, memory: LiveMemory): Promise<void> {
    const { rounds, looks, messageBytes } = this.#size;
    const roundsPerLook = Math.ceil(rounds / looks);
    for (let round = 1; round <= rounds && !this.#context.signal.aborted; round += 1) {
      let said = 0;
      for (const talk of this.#talks.values()) {
        await talk.say(messageBytes);
        said += 1;
        if (said % 20 === 0) {
          await new Promise((resolve) => setImmediate(resolve));
          this.#count(server);
        }
      }
      if (round % roundsPerLook === 0) await memory.look();
    }
    await new Promise((resolve) => setImmediate(resolve));
    this.#count(server);
  }

  #count({ counters: { suspendedBytes, suspended } }: AgentServer): void {
    this.#peakCounted = Math.max(this.#peakCounted, suspendedBytes);
    this.#peakSuspended = Math.max(this.#peakSuspended, suspended);
    if (suspendedBytes <= this.#limit || this.#problems.length > 0) return;
    this.#problems.push(`${suspendedBytes} bytes were counted.`);
  }

  /** The first client, which was gone longest, and the last that still has its session. */
  async #comeBack(server: AgentServer): Promise<string[]> {
    const { lost, suspended } = server.counters;
    const others = Object.values(lost).reduce((sum, count) => sum + count, 0) - lost.pressure;
    if (lost.pressure === 0 || others > 0) this.#problems.push(`Lost were ${JSON.stringify(lost)}.`);
    const [oldest] = this.#clients;
    const youngest = this.#clients.findLast((_, index) => this.#talks.get(`${index}`)?.isOver === false);
    if (oldest === undefined || youngest === undefined) throw new Error("There is nobody to come back.");
    const { lost: reason } = await oldest.comeBackTooLate();
    if (reason !== "pressure") this.#problems.push(`The oldest was told "${reason}".`);
    youngest.frames.length = 0;
    await youngest.resume();
    const sender = this.#talks.get(youngest.headers["x-client"] as string)?.sender ?? new NumberedSender(0);
    await youngest.hears(({ received }) => received >= 1 + sender.sent, "what was said meanwhile");
    const receiver = new NumberedReceiver(1);
    for (const frame of youngest.frames) {
      const message = messageOf(frame);
      const found = message && stampIn(message, "assistant");
      if (found !== undefined) receiver.take(found.stamp);
    }
    this.#problems.push(...receiver.problems(sender.sent, "to the one who came back"));
    return [
      `${lost.pressure} sessions lost, all to pressure, ${suspended} kept`,
      `the oldest was told "${reason}", the youngest got all of its ${receiver.received} messages`,
    ];
  }
}
