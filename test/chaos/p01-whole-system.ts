import { BusFrameMessage } from "trunkline";
import { serveAgents } from "trunkline/server";
import { FaultProxy } from "trunkline/testing/node";
import { until } from "../support/settled.ts";
import { CountingAgent } from "./counting-agent.ts";
import { Dice } from "./dice.ts";
import { JoinedRunner } from "./joined-runner.ts";
import type { Outcome, Proof, ProofContext, Scale } from "./proof.ts";

const counts: Readonly<
  Record<Scale, { readonly messages: number; readonly resets: number; readonly perSecond: number }>
> = {
  small: { messages: 2_000, resets: 5, perSecond: 2_000 },
  full: { messages: 100_000, resets: 100, perSecond: 2_500 },
  soak: { messages: 1_000_000, resets: 1_000, perSecond: 2_500 },
};
const link = {
  backoff: { minMs: 5, spreadMs: 20, maxSpreadMs: 100, stableMs: 50 },
  maxQueuedFrames: 65_536,
  maxQueuedBytes: 67_108_864,
};
const patienceMs = 30_000;

export const proof: Proof = {
  id: "P1",
  title: "TCP resets between two agents, through buses, proxies and serveAgents; 65,536 messages may wait",
  run: resetAgents,
};

async function resetAgents({ scale, random, signal }: ProofContext): Promise<Outcome> {
  const { messages, resets, perSecond } = counts[scale];
  const dice = new Dice(random);
  const problems: string[] = [];
  const told = { interrupted: 0, resumed: 0, sessionLost: 0, rejected: 0 };
  const agents: CountingAgent[] = [];
  const server = await serveAgents({ link }, async ({ runner, proxy }) => {
    const agent = new CountingAgent("assistant", { bus: runner.bus, active: true });
    agents.push(agent);
    const names = { agentName: "assistant", remoteAgentName: "acme" };
    await runner.addAgent(proxy({ ...names, forwardMessages: [BusFrameMessage] }));
    await runner.addAgent(agent);
  });
  try {
    await using network = await FaultProxy.listen({ url: server.url }, { seed: dice.below(2 ** 31) });
    const build = (bus: CountingAgent["bus"]) => new CountingAgent("acme", { bus, active: true });
    await using client = await JoinedRunner.connected(network.url, build, { link });
    const { acme, proxy } = client;
    const [assistant] = agents;
    if (assistant === undefined) throw new Error("There is no session.");
    for (const name of ["interrupted", "resumed", "sessionLost", "rejected"] as const) {
      proxy.on(name, () => {
        told[name] += 1;
      });
    }
    const delivered = () => Math.min(acme.receiver.highest, assistant.receiver.highest);
    const startedAt = performance.now();
    const speaking = new AbortController();
    const spoken = [acme, assistant].map((agent) => agent.speak(perSecond, speaking.signal));
    for (let reset = 1; reset <= resets && told.sessionLost === 0 && !signal.aborted; reset++) {
      const moment = ((reset - random()) / resets) * messages;
      const before = told.resumed;
      await until(() => delivered() >= moment, `message ${moment}`, patienceMs);
      network.reset();
      await until(() => told.resumed > before || told.sessionLost > 0, "the session going on", patienceMs);
    }
    await until(
      () => delivered() >= messages || told.sessionLost > 0 || signal.aborted,
      "the last message",
      patienceMs,
    );
    speaking.abort();
    await Promise.all(spoken);
    const quiet = () =>
      acme.receiver.highest === assistant.sender.sent && assistant.receiver.highest === acme.sender.sent;
    await until(quiet, "every message", patienceMs);
    const seconds = (performance.now() - startedAt) / 1_000;
    const sent = Math.min(acme.sender.sent, assistant.sender.sent);
    problems.push(...assistant.receiver.problems(acme.sender.sent, "from acme"));
    problems.push(...acme.receiver.problems(assistant.sender.sent, "from the assistant"));
    if (told.sessionLost + told.rejected > 0)
      problems.push(`${told.sessionLost} sessions lost, ${told.rejected} messages rejected.`);
    if (told.interrupted !== told.resumed) problems.push(`${told.interrupted} interrupted, ${told.resumed} resumed.`);
    if (agents.length !== 1) problems.push(`There were ${agents.length} sessions.`);
    return {
      passed: problems.length === 0,
      figures: [
        `${resets} TCP resets in ${sent.toLocaleString("en")} frames each way, ${told.resumed} times resumed`,
        problems.length === 0 ? "0 lost, 0 doubled, 0 out of order" : "see problems",
        `${Math.floor(sent / seconds).toLocaleString("en")}/s each way`,
      ],
      problems,
    };
  } finally {
    await server.close({ graceMs: 0 });
  }
}
