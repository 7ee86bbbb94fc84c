import { setTimeout as pause } from "node:timers/promises";
import { BusFrameMessage, type RejectedData, type SessionLostData } from "trunkline";
import { serveAgents } from "trunkline/server";
import { until } from "../support/settled.ts";
import { CountingAgent } from "./counting-agent.ts";
import { Dice } from "./dice.ts";
import { JoinedRunner } from "./joined-runner.ts";
import { MortalProcess } from "./mortal-process.ts";
import type { Outcome, Proof, ProofContext, Scale } from "./proof.ts";

const kills: Readonly<Record<Scale, number>> = { small: 1, full: 20, soak: 100 };
const perSecond = 1_000;
const patienceMs = 20_000;
const link = { backoff: { minMs: 1, spreadMs: 20, maxSpreadMs: 50 }, windowMs: 1_000 };

/** What one end was told of, and what it knows itself. */
interface Survivor {
  readonly agent: CountingAgent;
  readonly lost: SessionLostData[];
  readonly rejected: RejectedData[];
}

interface Found {
  readonly missing: number;
  readonly reported: number;
}

export const proofs: readonly Proof[] = [
  {
    id: "P3",
    title:
      "SIGKILL of the server, which is started anew: its client is told `unknown`, and tasks fail with `link lost`",
    run: (context) => repeated(context, killServer),
  },
  {
    id: "P3",
    title: "SIGKILL of the client: its server is told `expired`, and tasks fail with `link lost`",
    run: (context) => repeated(context, killClient),
  },
];

type Kill = (dice: Dice, problems: string[]) => Promise<Found>;

async function repeated({ scale, random, signal }: ProofContext, kill: Kill): Promise<Outcome> {
  const dice = new Dice(random);
  const problems: string[] = [];
  const total = { missing: 0, reported: 0 };
  for (let time = 0; time < kills[scale] && !signal.aborted; time++) {
    const { missing, reported } = await kill(dice, problems);
    total.missing += missing;
    total.reported += reported;
  }
  return {
    passed: problems.length === 0,
    figures: [
      `${kills[scale]} processes killed under traffic of ${perSecond.toLocaleString("en")}/s each way`,
      `${total.missing} messages missing, ${total.reported} reported as unacknowledged or refused`,
    ],
    problems,
  };
}

async function killServer(dice: Dice, problems: string[]): Promise<Found> {
  const servers = await Promise.all([MortalProcess.started("server"), MortalProcess.started("server", "silent")]);
  const [first, second] = servers;
  try {
    let url = first.word;
    await using client = await JoinedRunner.connected(url, (bus) => new CountingAgent("acme", { bus, active: true }), {
      url: () => url,
      link,
    });
    const { proxy, acme: agent } = client;
    const survivor: Survivor = { agent, lost: [], rejected: [] };
    proxy.on("sessionLost", (data) => void survivor.lost.push(data));
    proxy.on("rejected", (data) => void survivor.rejected.push(data));
    proxy.on("connectFailed", () => {});
    return await killed(dice, first, survivor, "unknown", problems, () => {
      url = second.word;
      return second;
    });
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]();
  }
}

async function killClient(dice: Dice, problems: string[]): Promise<Found> {
  let survivor: Survivor | undefined;
  const server = await serveAgents({ link }, async ({ runner, proxy }) => {
    const agent = new CountingAgent("assistant", { bus: runner.bus, active: true });
    const names = { agentName: "assistant", remoteAgentName: "acme" };
    const gateway = proxy({ ...names, forwardMessages: [BusFrameMessage] });
    const found: Survivor = { agent, lost: [], rejected: [] };
    gateway.on("sessionLost", (data) => void found.lost.push(data));
    gateway.on("rejected", (data) => void found.rejected.push(data));
    await runner.addAgent(gateway);
    await runner.addAgent(agent);
    survivor = found;
  });
  const client = await MortalProcess.started("client", server.url);
  try {
    await until(() => survivor?.agent.ready === true, "the session", patienceMs);
    return await killed(dice, client, survivor as Survivor, "expired", problems);
  } finally {
    await client[Symbol.asyncDispose]();
    await server.close({ graceMs: 0 });
  }
}

async function killed(
  dice: Dice,
  victim: MortalProcess,
  { agent, lost, rejected }: Survivor,
  reason: SessionLostData["reason"],
  problems: string[],
  replaced: () => MortalProcess | undefined = () => undefined,
): Promise<Found> {
  const other = agent.name === "acme" ? "assistant" : "acme";
  const task = agent.task(other, { name: "hang" }).then(
    () => "done",
    (error: { readonly reason?: string }) => error.reason,
  );
  const speaking = new AbortController();
  const spoken = agent.speak(perSecond, speaking.signal);
  await until(() => agent.receiver.received > 50 && victim.arrivals.count > 50, "traffic", patienceMs);
  await pause(dice.below(300));
  await victim.kill();
  const successor = replaced();
  if (successor === undefined) await pause(dice.below(50));
  else await until(() => successor.arrivals.count > dice.below(50), "traffic of the new session", patienceMs);
  speaking.abort();
  await spoken;
  await until(() => lost.length > 0, "the end of the session", patienceMs);
  const failed = await task;
  // What is sent in the new session arrives there, and nothing of it is missing.
  const isSettled = () => successor === undefined || successor.arrivals.highest === agent.sender.sent;
  await until(isSettled, "the last message of the new session", patienceMs);
  const { received, highest, doubled, outOfOrder, damaged } = agent.receiver;
  const missing = agent.sender.sent - victim.arrivals.count - (successor?.arrivals.count ?? 0);
  const unsent = rejected.filter(({ direction }) => direction === "outbound").length;
  const reported = (lost[0]?.unacknowledged ?? 0) + unsent;
  if (failed !== "link lost") problems.push(`The task failed with the reason ${failed}.`);
  if (lost.length !== 1) problems.push(`The session was lost ${lost.length} times.`);
  if (lost[0]?.reason !== reason) problems.push(`The reason was ${lost[0]?.reason}, not ${reason}.`);
  if (missing > reported) problems.push(`${missing} messages are missing and ${reported} were reported.`);
  if (doubled + outOfOrder + damaged > 0) problems.push("A message came twice, late or broken.");
  if (reason === "expired" && received !== highest) problems.push("A message before the kill is missing.");
  return { missing, reported };
}
