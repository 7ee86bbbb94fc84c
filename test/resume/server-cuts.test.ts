import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { HandClient } from "./hand-client.ts";
import { Stage, type StagedSession } from "./server-stage.ts";

const exchanges = 6;
const numbered = (prefix: string): string[] =>
  Array.from({ length: exchanges }, (_value, index) => `${prefix}${index}`);

/** Where the connections of one exchange are cut: after so many frames each. The last connection holds. */
interface Cuts {
  readonly steps: readonly number[];
  readonly eager: boolean;
}

/**
 * Says six texts, of which each is echoed, and comes back whenever the connection is cut. Resolves with the number of
 * cuts that there were.
 */
async function exchange(stage: Stage, { steps, eager }: Cuts): Promise<{ cuts: number; client: HandClient }> {
  const client = stage.keep(new HandClient(stage.url));
  const done = () => client.texts.length === exchanges;
  const say = async (): Promise<void> => {
    for (const [index, text] of numbered("c").entries()) {
      client.say(text);
      if (index % 2 === 1) await client.hears(({ texts }) => texts.length === index + 1, `echo ${index}`);
    }
  };
  const saying = say();
  saying.catch(() => {});
  let cuts = 0;
  while (!done()) {
    const socket = await client.connect({}, { steps: steps[cuts], eager });
    await until(() => done() || socket.ending !== undefined, "the end of the exchange, or a cut");
    if (socket.ending === undefined) continue;
    if (socket.ending.code >= 4_000)
      throw new Error(`The server did not take it back: ${JSON.stringify(socket.ending)}`);
    cuts += 1;
  }
  await saying;
  return { cuts, client };
}

/** What the exchange must have come to, wherever it was cut. */
function expectEachOnce(sessions: readonly StagedSession[], client: HandClient, where: string): void {
  const served = sessions.filter(({ texts }) => texts.length > 0);
  expect([where, served.map(({ texts }) => texts)]).toEqual([where, [numbered("c")]]);
  expect([where, client.texts]).toEqual([where, numbered("echo c")]);
  expect(served[0]?.told("sessionLost")).toEqual([]);
  expect(served[0]?.told("clientConnected")).toHaveLength(1);
  expect(served[0]?.told("clientDisconnected")).toEqual([]);
}

describe("an exchange of six texts and their echoes is whole, each once and in order", () => {
  it.each([false, true])("cut at every position (what is on its way is cut too: %s)", async (eager) => {
    await using stage = await Stage.open({}, { echo: true });
    let positions = 0;
    for (let cuts = 1; cuts === 1; positions++) {
      const before = stage.sessions.length;
      const outcome = await exchange(stage, { steps: [positions], eager });
      cuts = outcome.cuts;
      expectEachOnce(stage.sessions.slice(before), outcome.client, `cut after ${positions}`);
      await outcome.client.leave();
    }
    // A hello, a welcome, and six frames each way at the least.
    expect(positions).toBeGreaterThan(14);
    expect(stage.errors).toEqual([]);
  });

  it.each([false, true])("cut at every third position, and again at each of the first ten (%s)", async (eager) => {
    await using stage = await Stage.open({}, { echo: true });
    for (let first = 2; first < 24; first += 3) {
      for (let second = 0; second < 10; second++) {
        const before = stage.sessions.length;
        const { client } = await exchange(stage, { steps: [first, second], eager });
        expectEachOnce(stage.sessions.slice(before), client, `cut after ${first}, then after ${second}`);
        await client.leave();
      }
    }
  });

  it("cut three times, at every second triple of small distances", async () => {
    await using stage = await Stage.open({}, { echo: true });
    for (let triple = 0; triple < 125; triple += 2) {
      const steps = [4 + (triple % 5), Math.floor(triple / 5) % 5, 1 + Math.floor(triple / 25)];
      const before = stage.sessions.length;
      const { client } = await exchange(stage, { steps, eager: triple % 4 === 0 });
      expectEachOnce(stage.sessions.slice(before), client, `cut after ${steps}`);
      await client.leave();
    }
  });
});
