import type { IncomingMessage } from "node:http";
import { queryObjects } from "node:v8";
import { AgentRunner, BaseAgent, LocalBus } from "trunkline";
import { serveAgents } from "trunkline/server";
import { Link } from "../../src/proxy/link/index.ts";
import { assistantSession } from "../proxy/remote-client.ts";
import { HandClient, HandSocket } from "../resume/hand-client.ts";
import { until } from "../support/settled.ts";
import type { Dice } from "./dice.ts";
import { LiveMemory } from "./live-memory.ts";
import { mebibyte, mebibytes } from "./mebibytes.ts";
import type { Outcome } from "./proof.ts";

const atOnce = 25;
const attemptsPerLook = 1_000;
const maxGrowthBytes = 16 * mebibyte;
const builtByASession = [AgentRunner, BaseAgent, LocalBus, Link];

/** Credentials that are none, each in its own way. */
const disguises: readonly ((dice: Dice) => Readonly<Record<string, string>>)[] = [
  () => ({}),
  () => ({ authorization: "" }),
  (dice) => ({ authorization: `Bearer ${dice.below(2 ** 31).toString(36)}` }),
  () => ({ authorization: "Bearer right x" }),
  () => ({ authorization: "Basic right" }),
  () => ({ authorization: "throw" }),
  () => ({ authorization: "reject" }),
  (dice) => ({ authorization: "x".repeat(1 + dice.below(8_000)) }),
];

/** How a server may say no. */
function authenticate({ headers: { authorization = "" } }: IncomingMessage): unknown {
  if (authorization === "throw") throw new Error("who is that");
  if (authorization === "reject") return Promise.reject(new Error("who is that"));
  if (authorization === "Bearer right") return { user: "right" };
  return [undefined, null, false, Promise.resolve(undefined)][authorization.length % 4];
}

export interface Strangers {
  readonly count: number;
  /** Whether the heap is searched for what a session is made of, which takes its time. */
  readonly countsObjects: boolean;
}

export async function upgradeWithBadCredentials(
  { count, countsObjects }: Strangers,
  dice: Dice,
  signal: AbortSignal,
): Promise<Outcome> {
  const problems: string[] = [];
  let setUps = 0;
  const server = await serveAgents({ authenticate, maxConnectionsPerAddress: 2 * atOnce }, async (session) => {
    setUps += 1;
    await assistantSession(session);
  });
  // Without a listener each would be a line on the console.
  server.on("error", () => {});
  const attempt = async (headers: Readonly<Record<string, string>>): Promise<void> => {
    try {
      const socket = await HandSocket.open(server.url, { headers });
      problems.push(`${JSON.stringify(headers)} was let in.`);
      await socket[Symbol.asyncDispose]();
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      if (said !== "status 401") problems.push(`${JSON.stringify(headers).slice(0, 80)} was told: ${said}.`);
    }
  };
  const knock = async (times: number): Promise<void> => {
    for (let done = 0; done < times && !signal.aborted && problems.length < 5; done += atOnce) {
      const batch = Array.from({ length: Math.min(atOnce, times - done) }, () => attempt(dice.pick(disguises)(dice)));
      await Promise.all(batch);
    }
  };
  try {
    // Code that is compiled and buffers that are kept belong to the first.
    await knock(2 * atOnce);
    const memory = await LiveMemory.started();
    const before = counted(countsObjects);
    for (let done = 0; done < count; done += attemptsPerLook) {
      await knock(Math.min(attemptsPerLook, count - done));
      await memory.look();
    }
    const after = counted(countsObjects);
    const { sessions, refused } = server.counters;
    const asked = 2 * atOnce + count;
    if (sessions + setUps > 0) problems.push(`${sessions} sessions were there, ${setUps} were set up.`);
    if (String(after) !== String(before)) problems.push(`There were ${before} objects of sessions, and now ${after}.`);
    if (refused.credentials !== asked) problems.push(`${refused.credentials} of ${asked} were refused.`);
    if (memory.peakBytes > maxGrowthBytes) problems.push(`The process grew by ${mebibytes(memory.peakBytes)}.`);
    // Whoever has good ones is still let in.
    await using _client = await HandClient.begin(server.url, { authorization: "Bearer right" });
    await until(() => setUps === 1, "the one session");
    return {
      passed: problems.length === 0,
      figures: [
        `${refused.credentials.toLocaleString("en")} upgrades refused`,
        `${sessions} sessions, ${setUps - 1} set up`,
        ...(countsObjects ? [`${sum(after) - sum(before)} runners, agents, buses or links built`] : []),
        `memory +${mebibytes(Math.max(0, memory.peakBytes))}`,
      ],
      problems,
    };
  } finally {
    await server.close({ graceMs: 0 });
  }
}

function counted(really: boolean): readonly number[] {
  return really ? builtByASession.map((built) => queryObjects(built, { format: "count" })) : [];
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
