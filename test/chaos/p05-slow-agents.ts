import { setTimeout as pause } from "node:timers/promises";
import { BaseAgent, BusFrameMessage, type BusMessage } from "trunkline";
import { serveAgents } from "trunkline/server";
import { RemoteClient } from "../proxy/remote-client.ts";
import { until } from "../support/settled.ts";
import { LiveMemory } from "./live-memory.ts";
import { mebibyte, mebibytes } from "./mebibytes.ts";
import { NumberedReceiver, NumberedSender } from "./numbered.ts";
import type { Outcome, ProofContext } from "./proof.ts";
import { stampedText, stampIn } from "./stamped-text.ts";

const messageBytes = 4_096;
const maxWaitingBytes = mebibyte;
const maxQueuedBytes = mebibyte / 2;
const link = { maxQueuedBytes, highWaterBytes: maxQueuedBytes, resume: "require" } as const;
/** Half of what may wait there, the queue and the unacknowledged of the link, and the lane of the sender's proxy. */
const capMessages = (maxWaitingBytes / 2 + 2 * maxQueuedBytes) / messageBytes + 1_024;
const lookEveryMs = 500;
const settledMs = 15_000;

/** Takes a millisecond for a message. */
class SlowAgent extends BaseAgent {
  readonly receiver = new NumberedReceiver(1);

  override async onBusMessage(message: BusMessage): Promise<void> {
    await super.onBusMessage(message);
    const found = stampIn(message, "acme");
    if (found === undefined) return;
    await pause(1);
    this.receiver.take(found.stamp);
  }
}

/** A sender that is faster than the agent at the other end, over a session that can be resumed. */
export async function offerToSlowAgents({ signal }: ProofContext, durationMs: number): Promise<Outcome> {
  const problems: string[] = [];
  let agent: SlowAgent | undefined;
  const server = await serveAgents({ link }, async ({ proxy, runner }) => {
    const gateway = proxy({
      agentName: "assistant",
      remoteAgentName: "acme",
      forwardMessages: [BusFrameMessage],
      maxWaitingBytes,
    });
    gateway.on("rejected", ({ message }) => void problems.push(message));
    await runner.addAgent(gateway);
    agent = new SlowAgent("assistant", { bus: runner.bus });
    await runner.addAgent(agent);
  });
  try {
    await using client = await RemoteClient.connected(server.url, { link });
    client.proxy.on("rejected", ({ message }) => void problems.push(message));
    const { receiver } = agent ?? new SlowAgent("nobody", { bus: client.runner.bus });
    const { bus } = client.runner;
    const memory = await LiveMemory.started();
    const sender = new NumberedSender(1);
    let behind = 0;
    let lookAt = performance.now() + lookEveryMs;
    for (const end = performance.now() + durationMs; performance.now() < end && !signal.aborted; ) {
      await bus.send(stampedText("acme", sender.next(), messageBytes));
      behind = Math.max(behind, sender.sent - receiver.received);
      // The other end is on this thread too.
      if (sender.sent % 32 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (performance.now() < lookAt) continue;
      await memory.look();
      lookAt = performance.now() + lookEveryMs;
    }
    await until(() => receiver.highest === sender.sent || signal.aborted, "the last message", settledMs);
    const { peakBytes } = memory;
    problems.push(...receiver.problems(sender.sent, "from the client"));
    const slowed = client.proxy.counters?.link.slowed ?? 0;
    if (slowed === 0) problems.push("The sender was never held back.");
    // An envelope is around each, and one batch is on its way.
    if (behind > capMessages + 64) problems.push(`The agent was ${behind} messages behind.`);
    if (peakBytes > capMessages * messageBytes + 32 * mebibyte) problems.push(`They held ${mebibytes(peakBytes)}.`);
    const total = sender.sent.toLocaleString("en");
    const figures = [
      `${total} messages, ${receiver.lost(sender.sent)} lost, ${receiver.doubled} doubled, ${receiver.outOfOrder} out of order`,
      `at most ${behind} waited (cap ${capMessages})`,
      `held back ${slowed} times`,
      `both sides held ${mebibytes(peakBytes)}`,
    ];
    return { passed: problems.length === 0, figures, problems };
  } finally {
    await server.close({ graceMs: 0 });
  }
}
