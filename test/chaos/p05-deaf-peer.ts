import { setTimeout as pause } from "node:timers/promises";
import { TrunklineError } from "../../src/errors.ts";
import { dial } from "../../src/proxy/dial.node.ts";
import { Link, resumeProtocol } from "../../src/proxy/link/index.ts";
import { mebibyte, mebibytes } from "./mebibytes.ts";
import { MemoryMeter } from "./memory-meter.ts";
import { PeerProcess } from "./peer-process.ts";
import type { Outcome, ProofContext } from "./proof.ts";

const bytesPerSecond = 100_000_000;
const messageBytes = 65_536;
/** What may wait at a link: in its queue, for being acknowledged, and in its socket. */
const queueBytes = 4 * mebibyte;
const markBytes = 4 * mebibyte;
const capBytes = { plain: queueBytes + markBytes, resume: queueBytes + 2 * markBytes };
const slackBytes = 32 * mebibyte;

type Mode = keyof typeof capBytes;

/** Offers to a link whose peer does not read, and does not care what it is told. */
class Offering {
  readonly mode: Mode;
  readonly problems: string[] = [];
  /** What was taken, and told to be so at once. */
  taken = 0;
  waiting = 0;
  refused = 0;
  offered = 0;
  /** The most that the link held. */
  peakBytes = 0;
  readonly #link: Link;
  #slow = 0;
  #inHand: Uint8Array | undefined;

  private constructor(mode: Mode, url: string) {
    this.mode = mode;
    const protocols = mode === "resume" ? [resumeProtocol] : [];
    const nothing = (): void => {};
    this.#link = new Link(
      { dial: (signal) => dial(url, { signal, protocols }) },
      {
        onOpen: nothing,
        onMessage: nothing,
        onOversize: nothing,
        onSlow: () => {
          this.#slow += 1;
        },
        onConnectFailed: ({ error }) => void this.problems.push(`${mode}: ${error.message}`),
        onClosed: ({ code, reason }) => {
          if (reason !== "over") this.problems.push(`${mode}: the link ended (${code} ${reason}).`);
        },
        onFault: ({ message }) => void this.problems.push(`${mode}: ${message}`),
      },
      { resume: mode === "resume" ? "require" : "off", maxQueuedBytes: queueBytes, highWaterBytes: markBytes },
    );
    this.#link.open();
  }

  static async to(url: string, mode: Mode): Promise<Offering> {
    const offering = new Offering(mode, url);
    // The first one waits for the connection.
    await offering.#link.send(new Uint8Array(1));
    return offering;
  }

  async during(durationMs: number, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    for (
      let elapsedMs = 0;
      elapsedMs < durationMs && !this.#isDone(signal);
      elapsedMs = performance.now() - startedAt
    ) {
      while (this.offered * messageBytes < (bytesPerSecond / 1_000) * elapsedMs) await this.#offer();
      await pause(5);
    }
  }

  end(): void {
    this.#link.terminate("over");
  }

  #isDone(signal: AbortSignal): boolean {
    return signal.aborted || this.problems.length > 0;
  }

  async #offer(): Promise<void> {
    // What was refused is offered again, as by a producer that has it and cannot get rid of it.
    this.#inHand ??= new Uint8Array(messageBytes).fill(this.offered & 0xff);
    const bytes = this.#inHand;
    this.offered += 1;
    const slowBefore = this.#slow;
    let answer: "taken" | "waits" | "refused" = "waits";
    this.#link.send(bytes).then(
      () => {
        answer = "taken";
      },
      (error: unknown) => {
        answer = "refused";
        if (!(error instanceof TrunklineError)) this.problems.push(`${this.mode}: ${String(error)}`);
      },
    );
    await Promise.resolve();
    const heldBytes = this.#link.bufferedBytes;
    this.peakBytes = Math.max(this.peakBytes, heldBytes);
    this.#judge(answer, heldBytes, slowBefore);
  }

  #judge(answer: "taken" | "waits" | "refused", heldBytes: number, slowBefore: number): void {
    if (answer === "refused") {
      this.refused += 1;
      return;
    }
    this.#inHand = undefined;
    if (answer === "taken") {
      this.taken += 1;
      if (heldBytes > markBytes + messageBytes) this.problems.push(`${this.mode}: taken with ${heldBytes} bytes held.`);
      return;
    }
    this.waiting += 1;
    const firstOfARow = this.waiting === 1;
    if (firstOfARow && this.#slow !== slowBefore + 1) this.problems.push(`${this.mode}: "slow" was not told.`);
  }
}

/** Two links, one in each mode, to a peer that stops reading and lives on. */
export async function offerToDeafPeers({ signal }: ProofContext, durationMs: number): Promise<Outcome> {
  await using peer = await PeerProcess.started("deaf-server");
  const offerings = [await Offering.to(peer.url, "plain"), await Offering.to(peer.url, "resume")];
  const meter = await MemoryMeter.started();
  try {
    await Promise.all(offerings.map((offering) => offering.during(durationMs, signal)));
  } finally {
    for (const offering of offerings) offering.end();
  }
  const { peakBytes } = meter;
  await meter.stop();
  const problems = offerings.flatMap((offering) => offering.problems);
  const figures = offerings.map(({ mode, offered, taken, waiting, refused, peakBytes: heldBytes }) => {
    if (heldBytes > queueBytes + markBytes + messageBytes) problems.push(`${mode}: ${mebibytes(heldBytes)} were held.`);
    if (waiting === 0 || refused === 0) problems.push(`${mode}: the producer was never told.`);
    const megabytes = Math.round((offered * messageBytes) / 1_000_000).toLocaleString("en");
    const answers = `${taken} messages taken, ${waiting} told to wait, ${refused.toLocaleString("en")} refused`;
    return `${mode}: ${megabytes} MB offered, ${answers}, ${mebibytes(heldBytes)} held`;
  });
  const caps = capBytes.plain + capBytes.resume;
  if (peakBytes > caps + slackBytes) problems.push(`The process grew by ${mebibytes(peakBytes)}.`);
  figures.push(`the process grew by ${mebibytes(peakBytes)} for both (caps ${mebibytes(caps)})`);
  return { passed: problems.length === 0, figures, problems };
}
