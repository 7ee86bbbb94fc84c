import fc from "fast-check";
import { expect, it } from "vitest";
import { BusAgentRegistryMessage, BusDataMessage, type BusMessage, type BusMessageClass } from "../../src/bus/index.ts";
import { Gate, type GateVerdict } from "../../src/proxy/gate.ts";
import { builders, entry, forwardable as known, names, taskTypes } from "./gate-messages.ts";
import { type Crossing, type Described, modelPasses, type World } from "./gate-model.ts";

class Tick extends BusDataMessage {}

const build: typeof builders = { ...builders, Tick: (d) => new Tick(d) };
const forwardable: typeof known = { ...known, Tick };

const name = fc.constantFrom(...names);
const described: fc.Arbitrary<Described> = fc.record({
  type: fc.oneof(fc.constantFrom(...Object.keys(build)), fc.constantFrom(...taskTypes)),
  source: name,
  target: fc.option(name, { nil: undefined, freq: 4 }),
  taskId: fc.constantFrom("1", "2"),
  about: fc.uniqueArray(name, { maxLength: 3 }),
});
const crossing: fc.Arbitrary<Crossing> = fc.record({
  direction: fc.constantFrom("out" as const, "in" as const),
  message: described,
});
const world: fc.Arbitrary<World> = fc
  .record({
    side: fc.constantFrom("client" as const, "server" as const),
    forward: fc.oneof(fc.constant(["Frame"]), fc.uniqueArray(fc.constantFrom(...Object.keys(forwardable)))),
  })
  .map(({ side, forward }) =>
    side === "client"
      ? { side, forward, here: "acme", there: "assistant", livesHere: ["acme", "bob"] }
      : { side, forward, here: "assistant", there: "acme", livesHere: ["assistant", "carol"] },
  );

function gateOf(world: World): Gate {
  return new Gate({
    side: world.side,
    localAgentName: world.here,
    remoteAgentName: world.there,
    forwardMessages: world.forward.map((type) => forwardable[type] as BusMessageClass),
    isLocalName: (name) => world.livesHere.includes(name),
  });
}

function ask(gate: Gate, { direction, message }: Crossing): GateVerdict {
  const built = build[message.type]?.(message) as BusMessage;
  return direction === "out" ? gate.outbound(built) : gate.inbound(built);
}

it("lets across what the contract's tables let across, and nothing else", () => {
  let crossed = 0;
  let answered = 0;
  fc.assert(
    fc.property(world, fc.array(crossing, { minLength: 1, maxLength: 40 }), (world, crossings) => {
      const gate = gateOf(world);
      const history: Crossing[] = [];
      for (const crossing of crossings) {
        const expected = modelPasses(crossing, world, history);
        const verdict = ask(gate, crossing);
        expect({ ...crossing, pass: verdict.pass }).toEqual({ ...crossing, pass: expected });
        if (!verdict.pass) continue;
        history.push(crossing);
        crossed += 1;
        const { target, source } = crossing.message;
        if (target !== undefined && ![world.here, world.there].includes(crossing.direction === "in" ? target : source))
          answered += 1;
        if (verdict.message instanceof BusAgentRegistryMessage) {
          const vouched = crossing.direction === "in" ? world.there : world.here;
          expect(verdict.message.agents).toEqual([entry(vouched)]);
        }
      }
    }),
    { numRuns: 4_000 },
  );
  // The generator must reach the interesting rows, or the comparison above shows nothing.
  expect(crossed).toBeGreaterThan(2_000);
  expect(answered).toBeGreaterThan(200);
});

it("lets everything that leaves one gate either into the other or drops it there, never back again", () => {
  fc.assert(
    fc.property(described, (message) => {
      const client = gateOf({
        side: "client",
        here: "acme",
        there: "assistant",
        livesHere: ["acme", "bob"],
        forward: ["Any"],
      });
      const server = gateOf({
        side: "server",
        here: "assistant",
        there: "acme",
        livesHere: ["assistant", "carol"],
        forward: ["Any"],
      });
      const there = ask(client, { direction: "out", message });
      if (!there.pass || !server.inbound(there.message).pass) return;
      const bounced = server.outbound(there.message);
      expect(bounced.pass && client.inbound(bounced.message).pass).toBe(false);
    }),
    { numRuns: 5_000 },
  );
});
