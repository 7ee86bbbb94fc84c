import { setTimeout as pause } from "node:timers/promises";
import type { FaultConnection } from "../../src/faults/index.ts";
import { exchange } from "./exchange.ts";
import type { Proof, Scale } from "./proof.ts";

const counts: Readonly<Record<Scale, readonly [takeOvers: number, messages: number]>> = {
  small: [50, 1_000],
  full: [1_000, 600_000],
  soak: [10_000, 6_000_000],
};
const backoff = { minMs: 1, spreadMs: 5, maxSpreadMs: 20, stableMs: 50 };
const connectTimeoutMs = 60;

export const proof: Proof = {
  id: "P2",
  title: "take-overs: the client comes back while the server still has its old connection, or over two dials at once",
  run(context) {
    const [faults, messages] = counts[context.scale];
    let late = 0;
    return exchange(context, {
      what: "take-overs",
      faults,
      messages,
      perSecond: 6_000,
      paced: true,
      pauses: true,
      link: { backoff, connectTimeoutMs },
      onConnection(connection: FaultConnection) {
        if (late === 0) return;
        late -= 1;
        // The dial is given up, and its hello arrives about when that of the next one does.
        connection.delay({ latencyMs: connectTimeoutMs / 4, jitterMs: connectTimeoutMs / 4 });
      },
      async befall({ network, client, server }, dice) {
        const old = network.connections.at(-1);
        late = dice.chance(0.3) ? 1 : 0;
        // The client is told that its connection has ended; of what it does about that the server hears nothing.
        old?.blackhole("up");
        old?.halfClose("down");
        const before = client.resumed;
        while (client.resumed === before && client.endings.length === 0) await pause(1);
        if (server.endings.length > 0) return;
        old?.reset();
      },
    });
  },
};
