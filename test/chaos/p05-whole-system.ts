import { setTimeout as pause } from "node:timers/promises";
import { BaseAgent, BusFrameMessage } from "trunkline";
import { type AgentSession, serveAgents, type WebSocketProxyServerAgent } from "trunkline/server";
import { until } from "../support/settled.ts";
import { mebibyte, mebibytes } from "./mebibytes.ts";
import { MemoryMeter } from "./memory-meter.ts";
import { NumberedSender } from "./numbered.ts";
import { PeerProcess } from "./peer-process.ts";
import type { Outcome, ProofContext } from "./proof.ts";
import { stampedText } from "./stamped-text.ts";

const bytesPerSecond = 100_000_000;
const messageBytes = 16_384;
/** Of the proxy on the bus. */
const laneMessages = 1_024;
const markBytes = 4 * mebibyte;
/** Lane, queue, what is not acknowledged, and the socket, for each of the two sessions. */
const capBytes = 2 * (laneMessages * messageBytes + 3 * markBytes);
const slackBytes = 32 * mebibyte;

/** An agent that talks as fast as it is let, to a client that does not listen. */
class Talker {
  readonly problems: string[] = [];
  offered = 0;
  /** After how many messages `send` of the bus did not resolve any more. */
  stoppedAfter: number | undefined;
  slowAt: number | undefined;
  readonly #session: AgentSession;
  readonly #proxy: WebSocketProxyServerAgent;
  readonly #sender = new NumberedSender(0);
  #over = false;

  constructor(session: AgentSession) {
    this.#session = session;
    this.#proxy = session.proxy({
      agentName: "assistant",
      remoteAgentName: "acme",
      forwardMessages: [BusFrameMessage],
    });
    this.#proxy.on("slow", ({ bufferedBytes }) => {
      this.slowAt ??= bufferedBytes;
    });
    this.#proxy.on("clientDisconnected", ({ code, reason }) => {
      if (!this.#over) this.problems.push(`The session ended (${code} ${reason}).`);
    });
  }

  async begin(): Promise<void> {
    const { runner } = this.#session;
    await runner.addAgent(this.#proxy);
    await runner.addAgent(new BaseAgent("assistant", { bus: runner.bus }));
  }

  get mode(): string {
    return this.#session.request.headers["sec-websocket-protocol"] === undefined ? "plain" : "resume";
  }

  get linkBytes(): number {
    return this.#proxy.counters?.link.peakBufferedBytes ?? 0;
  }

  end(): void {
    this.#over = true;
  }

  /** Offers until the bus makes it wait, and then for as long as it does. */
  async during(durationMs: number, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    const { bus } = this.#session.runner;
    let free = true;
    for (
      let elapsedMs = 0;
      elapsedMs < durationMs && !this.#isDone(signal);
      elapsedMs = performance.now() - startedAt
    ) {
      while (free && !this.#isDone(signal) && this.offered * messageBytes < (bytesPerSecond / 1_000) * elapsedMs) {
        this.offered += 1;
        free = false;
        bus.send(stampedText("assistant", this.#sender.next(), messageBytes)).then(
          () => {
            free = true;
          },
          (error: unknown) => {
            if (!this.#session.signal.aborted) this.problems.push(String(error));
          },
        );
        for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
        if (!free) this.stoppedAfter ??= this.offered;
      }
      await pause(5);
    }
    if (free) this.problems.push("The producer was not stopped.");
  }

  #isDone(signal: AbortSignal): boolean {
    return signal.aborted || this.problems.length > 0;
  }
}

export async function offerThroughProxies({ signal }: ProofContext, durationMs: number): Promise<Outcome> {
  const talkers: Talker[] = [];
  const server = await serveAgents({}, async (session) => {
    const talker = new Talker(session);
    await talker.begin();
    talkers.push(talker);
  });
  const problems: string[] = [];
  const figures: string[] = [];
  try {
    await using _peer = await PeerProcess.started("deaf-clients", server.url);
    await until(() => talkers.length === 2, "both sessions", 20_000);
    const meter = await MemoryMeter.started();
    await Promise.all(talkers.map((talker) => talker.during(durationMs, signal)));
    const { peakBytes } = meter;
    for (const talker of talkers) {
      talker.end();
      const { mode, stoppedAfter, slowAt, linkBytes, offered } = talker;
      problems.push(...talker.problems.map((problem) => `${mode}: ${problem}`));
      if (slowAt === undefined || slowAt > markBytes + 2 * messageBytes + 512) {
        problems.push(`${mode}: "slow" was told with ${slowAt} bytes held.`);
      }
      if (linkBytes > 2 * markBytes) problems.push(`${mode}: the link held ${mebibytes(linkBytes)}.`);
      const told = `"slow" with ${mebibytes(slowAt ?? 0)} held, send() pending after ${stoppedAfter} messages`;
      figures.push(`${mode}: ${offered} messages of ${messageBytes / 1_024} KiB until it was stopped, ${told}`);
    }
    if (peakBytes > capBytes + slackBytes) problems.push(`The process grew by ${mebibytes(peakBytes)}.`);
    figures.push(`the process grew by ${mebibytes(peakBytes)} for both (caps ${mebibytes(capBytes)})`);
    await meter.stop();
  } finally {
    await server.close({ graceMs: 0 });
  }
  return { passed: problems.length === 0, figures, problems };
}
