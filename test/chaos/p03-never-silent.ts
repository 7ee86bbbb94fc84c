import { setTimeout as pause } from "node:timers/promises";
import type { LinkOptions, SessionLostReason } from "../../src/proxy/link/index.ts";
import { until } from "../support/settled.ts";
import { Dice } from "./dice.ts";
import { LinkPair, type LinkPairOptions } from "./link-pair.ts";
import type { NumberedEnd } from "./numbered-end.ts";
import type { Outcome, Proof, ProofContext, Scale } from "./proof.ts";

interface Loss {
  readonly name: string;
  readonly lost: Readonly<Record<"client" | "server", SessionLostReason>>;
  readonly options?: Partial<LinkPairOptions> | undefined;
  /** For both ends, beside what all have. */
  readonly link?: LinkOptions | undefined;
  befall(pair: LinkPair): void | Promise<void>;
}

const repetitions: Readonly<Record<Scale, number>> = { small: 1, full: 50, soak: 500 };
const usual: LinkOptions = { backoff: { minMs: 1, spreadMs: 10, maxSpreadMs: 20 }, windowMs: 1_000 };
const patienceMs = 10_000;

const leave = ({ network }: LinkPair): void => {
  network.refuse();
  network.reset();
};

const losses: readonly Loss[] = [
  { name: "expired", lost: { client: "expired", server: "expired" }, befall: leave },
  {
    name: "overflow",
    lost: { client: "overflow", server: "overflow" },
    link: { maxQueuedFrames: 200, windowMs: 60_000 },
    async befall(pair) {
      leave(pair);
      // Not only one after the other: whoever waits for room when the cut comes would wait for the end of the cut.
      while (pair.ends.some(({ endings }) => endings.length === 0)) {
        for (const end of pair.ends) void end.send();
        await pause(1);
      }
    },
  },
  {
    name: "pressure",
    lost: { client: "pressure", server: "pressure" },
    link: { windowMs: 60_000 },
    options: { maxSuspendedBytes: 20_000 },
    async befall(pair) {
      leave(pair);
      await until(() => pair.server.endings.length > 0, "the server's end of the session");
      pair.network.allow();
    },
  },
  {
    name: "refused, another principal (4503)",
    lost: { client: "refused", server: "expired" },
    get options() {
      let connections = 0;
      return {
        path: () => `/${Math.min(++connections, 2)}`,
        isSamePrincipal: (known: unknown, given: unknown) => known === given,
      };
    },
    befall: ({ network }) => network.reset(),
  },
  {
    name: "refused, a wrong token (4501)",
    lost: { client: "refused", server: "expired" },
    options: {
      onDialed(socket) {
        const send = socket.send.bind(socket);
        socket.send = (data) => {
          send(typeof data === "string" ? data.replace(/"token":"[^"]*"/, `"token":"${"A".repeat(22)}"`) : data);
        };
      },
    },
    befall: ({ network }) => network.reset(),
  },
  {
    name: "refused, closed by the server for good (4503)",
    lost: { client: "refused", server: "refused" },
    befall: ({ server }) => server.socket?.close(4503, "not any more"),
  },
];

export const proof: Proof = {
  id: "P3",
  title: "a session that is lost is told to both ends, once, with a number that nothing lost exceeds",
  run: neverSilent,
};

async function neverSilent(context: ProofContext): Promise<Outcome> {
  const problems: string[] = [];
  const tally = { sessions: 0, missing: 0, reported: 0 };
  const dice = new Dice(context.random);
  for (let time = 0; time < repetitions[context.scale] && !context.signal.aborted; time++) {
    const runs = losses.map(async (loss) => {
      const ends = await lose(loss, dice);
      tally.sessions += 1;
      const [client, server] = ends;
      for (const [from, to] of [ends, [server, client]] as const) {
        const { missing, reported } = judged(loss, from, to, problems);
        tally.missing += missing;
        tally.reported += reported;
      }
    });
    await Promise.all(runs);
  }
  const reasons = losses.map(({ name }) => name).join("; ");
  return {
    passed: problems.length === 0,
    figures: [
      `${tally.sessions} lost sessions under traffic (${reasons})`,
      `${tally.missing.toLocaleString("en")} messages missing, ${tally.reported.toLocaleString("en")} reported as unacknowledged`,
      "each end told once",
    ],
    problems,
  };
}

async function lose({ options, link, befall }: Loss, dice: Dice): Promise<readonly [NumberedEnd, NumberedEnd]> {
  const both = { ...usual, ...link };
  await using pair = await LinkPair.connected({ dice, client: both, server: both, ...options });
  const production = { perSecond: 500, pauses: false, size: () => dice.between(12, 200), more: () => true };
  const traffic = pair.ends.map((end) => end.produce(production));
  await pause(dice.between(20, 200));
  await befall(pair);
  const { ends } = pair;
  await until(() => ends.every(({ endings }) => endings.length > 0), "both ends", patienceMs);
  await Promise.all(traffic);
  // What was still under way may arrive, and must not be told of.
  await pause(20);
  return ends;
}

function judged({ name, lost }: Loss, from: NumberedEnd, to: NumberedEnd, problems: string[]) {
  const [ending, ...more] = from.endings;
  const missing = from.promised - (to.receiver.received - to.receiver.doubled);
  const reported = ending?.unacknowledged ?? 0;
  const complain = (what: string) => problems.push(`${name}, the ${from.name}: ${what}.`);
  if (more.length > 0) complain(`it was told ${more.length + 1} times`);
  if (ending?.lost !== lost[from.name]) complain(`it was told ${ending?.lost}, not ${lost[from.name]}`);
  if (missing > reported) complain(`${missing} messages are missing and ${reported} were reported`);
  if (to.receiver.doubled + to.receiver.damaged + to.receiver.outOfOrder > 0) {
    complain("what it sent arrived twice, broken or out of order");
  }
  for (const what of from.complaints) complain(what);
  return { missing, reported };
}
