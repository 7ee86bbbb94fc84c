import { setTimeout as pause } from "node:timers/promises";
import type { FaultConnection } from "../../src/faults/index.ts";
import { type Exchange, exchange } from "./exchange.ts";
import type { Proof, ProofContext, Scale } from "./proof.ts";

type Counts = readonly [faults: number, messages: number];

interface Fault extends Partial<Exchange> {
  readonly title: string;
  readonly what: string;
  readonly counts: Readonly<Record<Scale, Counts>>;
  readonly befall: Exchange["befall"];
}

const backoff = { minMs: 2, spreadMs: 10, maxSpreadMs: 50, stableMs: 50 };
const directions = ["up", "down"] as const;
const endings = ["reset", "end"] as const;

/** What befalls the next connections from their first byte, in turn. */
class Newborns {
  readonly #fates: ((connection: FaultConnection) => void)[] = [];

  add(fate: (connection: FaultConnection) => void): void {
    this.#fates.push(fate);
  }

  readonly meet = (connection: FaultConnection): void => this.#fates.shift()?.(connection);
}

const faults: readonly Fault[] = [
  {
    title: "ends in good order (FIN), of both ways or of one",
    what: "FINs",
    counts: { small: [5, 1_000], full: [200, 200_000], soak: [2_000, 2_000_000] },
    befall({ network }, dice) {
      const way = dice.pick(["both", ...directions] as const);
      if (way === "both") network.end();
      else network.halfClose(way);
    },
  },
  {
    title: "cuts after each number of bytes, so that they fall inside frames, both ways",
    what: "cuts inside a frame",
    counts: { small: [12, 1_000], full: [800, 200_000], soak: [8_000, 2_000_000] },
    maxMessageBytes: 200,
    async befall({ network, client, server }, _dice, n) {
      const before = client.interrupted + server.interrupted;
      // 1, 1, 2, 2 …: beyond a frame it falls into one of the next.
      network.connections.at(-1)?.cutAfter(1 + (n >> 1), {
        direction: directions[n % 2],
        how: endings[(n >> 1) % 2],
      });
      while (client.interrupted + server.interrupted === before) await pause(1);
      network.heal();
    },
  },
  {
    title: "both ends cut at once: a reset on the way, and each end by itself",
    what: "cuts at both ends",
    counts: { small: [5, 1_000], full: [200, 200_000], soak: [2_000, 2_000_000] },
    befall({ network, client, server }, dice) {
      const cuts = [() => network.reset(), () => client.socket?.terminate(), () => server.socket?.terminate()];
      for (const _ of [1, 2]) cuts.splice(dice.below(cuts.length), 1)[0]?.();
      if (dice.chance(0.5)) cuts[0]?.();
    },
  },
  {
    title: "silence on both ways or on one, with heartbeats of 100 ms",
    what: "silences",
    counts: { small: [2, 500], full: [100, 100_000], soak: [1_000, 1_000_000] },
    // Most of the time is silence, in which producers pause.
    paced: false,
    link: { backoff, heartbeatMs: 100 },
    async befall({ network, client, server }, dice) {
      const before = { client: client.resumed, server: server.resumed };
      network.connections.at(-1)?.blackhole(dice.pick(["both", ...directions] as const));
      // Each end finds out by itself.
      const isOver = () => client.resumed > before.client && server.resumed > before.server;
      while (!isOver() && client.endings.length + server.endings.length === 0) await pause(1);
    },
  },
  {
    title: "pieces of 1 to 7 bytes, with resets",
    what: "resets",
    counts: { small: [3, 300], full: [100, 50_000], soak: [1_000, 500_000] },
    perSecond: 2_000,
    paced: false,
    onConnection: (connection) => connection.slice(),
    befall: ({ network }) => network.reset(),
  },
  {
    title: "delays of 5 to 25 ms, with resets",
    what: "resets",
    counts: { small: [3, 1_000], full: [200, 200_000], soak: [2_000, 2_000_000] },
    onConnection: (connection) => connection.delay({ latencyMs: 5, jitterMs: 20 }),
    befall: ({ network }) => network.reset(),
  },
];

const proofs: Proof[] = faults.map(({ title, what, counts, befall, ...rest }) => ({
  id: "P2",
  title,
  run: (context) => exchange(context, { ...usual(context, counts), what, befall, ...rest }),
}));

proofs.push({
  id: "P2",
  title: "resets, and up to five connections after it cut during their handshake, each after another number of bytes",
  run(context) {
    const newborns = new Newborns();
    return exchange(context, {
      ...usual(context, { small: [6, 1_000], full: [600, 200_000], soak: [6_000, 2_000_000] }),
      what: "resets with cut handshakes",
      // Most of the time goes into dials that fail.
      paced: false,
      onConnection: newborns.meet,
      befall({ network }, dice) {
        // The upgrade takes some 200 bytes each way, hello and resumed about 100 more.
        for (let left = dice.between(1, 5); left > 0; left--) {
          const bytes = dice.below(500);
          const fate = { direction: dice.pick(directions), how: dice.pick(endings) };
          newborns.add((connection) => connection.cutAfter(bytes, fate));
        }
        network.reset();
      },
    });
  },
});

/** Producers pause between a cut and the return, so that the default window does. */
function usual({ scale }: ProofContext, counts: Readonly<Record<Scale, Counts>>) {
  const [faults, messages] = counts[scale];
  return { faults, messages, perSecond: 6_000, link: { backoff }, pauses: true, paced: true };
}

export { proofs };
