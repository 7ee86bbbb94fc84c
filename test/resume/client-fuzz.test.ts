import fc from "fast-check";
import { expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";
import { bytes, LinkClient, promptly, textOf, textsOf } from "./client-link.ts";
import { HandServer } from "./hand-server.ts";
import { answering, type HandSession } from "./hand-session.ts";

type Step =
  | { readonly what: "client says" | "server says"; readonly count: number }
  | {
      readonly what:
        | "server acknowledges"
        | "server cuts"
        | "client's network cuts"
        | "time passes"
        | "it comes back"
        | "server closes";
    }
  | { readonly what: "tail is lost"; readonly share: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    what: fc.constantFrom("client says" as const, "server says" as const),
    count: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({
    what: fc.constantFrom(
      "server acknowledges" as const,
      "server cuts" as const,
      "client's network cuts" as const,
      "time passes" as const,
      "it comes back" as const,
      "server closes" as const,
    ),
  }),
  fc.record({ what: fc.constant("tail is lost" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
);

/** Every third frame is not worth replaying. */
const isStale = (text: string): boolean => Number(text.slice(1)) % 3 === 0;

/** What arrived of what was said: everything in order, save stale frames. */
function expectAllBut(stale: (text: string) => boolean, arrived: readonly string[], said: readonly string[]): void {
  const kept = new Set(arrived);
  expect(arrived).toEqual(said.filter((text) => kept.has(text)));
  expect(said.filter((text) => !kept.has(text) && !stale(text))).toEqual([]);
}

it("whatever happens to the connections, each side hears everything once and in order", {
  timeout: 60_000,
}, async () => {
  await using server = await HandServer.listen();
  let share = 1;
  const sessions = answering(
    server,
    ({ taken, confirmed }) => confirmed + Math.round((taken.length - confirmed) * share),
  );
  const seen = { resumes: 0, skipped: 0, skippedByPeer: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      share = 1;
      sessions.length = 0;
      await using client = LinkClient.opened(server.url, promptly);
      await client.event("open");
      const session = sessions[0] as HandSession;
      session.isStale = (frame) => isStale(textOf(frame));
      const said: string[] = [];
      for (const it of steps) {
        if (it.what === "client says") {
          for (let n = 0; n < it.count; n++) said.push(`c${said.length}`);
          for (const text of said.slice(-it.count)) await client.link.send(bytes(text), !isStale(text));
        } else if (it.what === "server says") {
          for (let n = 0; n < it.count; n++) session.send(bytes(`s${session.said.length}`));
        } else if (it.what === "server acknowledges") session.acknowledge();
        else if (it.what === "server cuts") session.connection.cut();
        else if (it.what === "server closes") session.connection.close(1012);
        else if (it.what === "client's network cuts") client.socket?.terminate();
        else if (it.what === "time passes") await turns();
        else if (it.what === "it comes back") await until(() => client.link.state === "open", "the connection");
        else if ("share" in it) share = it.share;
      }
      share = 1;
      await until(() => session.taken.length === said.length, `${said.length} frames of the client`);
      await until(() => session.acked === session.said.length, `ack ${session.said.length}, not ${session.acked}`);
      // The numbers agree: what is left out stands at its place.
      const places = session.taken.map((frame, index) => (frame === undefined ? said[index] : textOf(frame)));
      expect(places).toEqual(said);
      expectAllBut(isStale, textsOf(session.taken.filter((frame) => frame !== undefined)), said);
      expectAllBut(isStale, client.texts, textsOf(session.said));
      expect(sessions).toHaveLength(1);
      expect(client.all("closed")).toEqual([]);
      expect(client.all("fault")).toEqual([]);
      expect(server.complaints).toEqual([]);
      const { resumed, skipped, skippedByPeer } = client.link.counters;
      seen.resumes += resumed;
      seen.skipped += skipped;
      seen.skippedByPeer += skippedByPeer;
    }),
    { numRuns: 30 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(3);
});
