import { afterAll, describe, expect, it } from "vitest";
import { type LinkEventName, type LinkStateName, transitions } from "../../src/proxy/link/index.ts";
import { turns } from "../support/settled.ts";
import { ClientRig, closeTimeoutMs, type Rig, ServerRig } from "./link-rigs.ts";

const states = Object.keys(transitions) as LinkStateName[];
const events: readonly LinkEventName[] = ["dial", "adopt", "cut", "resume", "close", "flush", "end"];
const ends = { client: ClientRig, server: ServerRig } as const;

const visited = new Set<string>();
/** Steps of the table that a link was seen to take. */
const taken = new Set<string>();
afterAll(() => {
  const steps = states.flatMap((state) => Object.keys(transitions[state]).map((event) => `${state} × ${event}`));
  expect([...taken].sort()).toEqual(steps.sort());
  const all = states.flatMap((state) => events.map((event) => `${state} × ${event}`));
  expect([...visited].sort()).toEqual(all.sort());
  expect(visited.size).toBe(49);
});

/** What a link has told, as far as it goes with a step. */
const story = (rig: Rig) =>
  Object.fromEntries(["open", "interrupted", "resumed", "closed"].map((name) => [name, rig.count(name)]));

/** What is told with each step, apart from `resume`, which says more where the first connection was still there. */
const toldOf: Readonly<Partial<Record<LinkEventName, string>>> = { adopt: "open", cut: "interrupted", end: "closed" };

function expectedStory(before: Record<string, number>, event: LinkEventName, from: LinkStateName) {
  const after = { ...before };
  const tell = (name: string) => {
    after[name] = (after[name] ?? 0) + 1;
  };
  if (transitions[from][event] === undefined) return after;
  const name = toldOf[event];
  if (name !== undefined) tell(name);
  if (event === "resume" && from === "open") tell("interrupted");
  if (event === "resume") tell("resumed");
  return after;
}

for (const [end, RigOfEnd] of Object.entries(ends)) {
  describe(`a link at the ${end}'s end`, () => {
    const reachable = states.filter((state) => state !== "dialing" || end === "client");
    for (const from of reachable) {
      for (const event of events) {
        const { readAs, without }: Rig = new RigOfEnd();
        if (without.includes(`${from} × ${event}`)) continue;
        const read = readAs[from]?.[event] ?? event;
        const to = transitions[from][read] ?? from;
        it(`${from} × ${event}${read === event ? "" : ` (which is its ${read})`}: ${to}`, async () => {
          const rig = new RigOfEnd();
          await rig.enter(from);
          expect(rig.link.state).toBe(from);
          const before = story(rig);
          await rig.causes[event]();
          await turns();
          expect(rig.link.state).toBe(to);
          expect(story(rig)).toEqual(expectedStory(before, read, from));
          visited.add(`${from} × ${event}`);
          if (transitions[from][read] !== undefined) taken.add(`${from} × ${read}`);
          await endsOnce(rig);
        });
      }
    }
  });
}

/** Whatever it has been through: it ends once, and leaves nothing behind. */
async function endsOnce(rig: Rig): Promise<void> {
  // What is to end already does so by itself.
  if (rig.link.state === "flushing" || rig.link.state === "closing") rig.clock.advance(closeTimeoutMs);
  else rig.link.terminate();
  expect(rig.link.state).toBe("closed");
  rig.link.terminate();
  void rig.link.close();
  await rig.link.closed;
  await Promise.all(rig.sends);
  expect(rig.count("closed")).toBe(1);
  expect(rig.told.at(-1)).toBe("closed");
  expect(rig.count("fault")).toBe(0);
  expect(rig.clock.pending).toBe(0);
  if (rig instanceof ServerRig) expect(rig.freed).toHaveLength(1);
}

it("dials once, however often it is opened", async () => {
  for (const state of states) {
    const rig = new ClientRig();
    await rig.enter(state);
    const { dials } = rig;
    rig.link.open();
    rig.link.open();
    expect(rig.dials).toBe(state === "idle" ? 1 : dials);
    await endsOnce(rig);
  }
});
