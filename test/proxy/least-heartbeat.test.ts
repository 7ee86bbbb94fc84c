import { MovableClock } from "trunkline/testing";
import { expect, it } from "vitest";
import { ScriptedLink } from "../resume/client-socket.ts";

it.each([
  [1, 10_000, 1_000],
  [900, 10_000, 1_000],
  [1_100, 10_000, 1_100],
  [1, 300, 300],
  [100, 100, 100],
])("a server that says %d ms, and a client that says %d: heartbeats of %d ms", async (theirs, own, expected) => {
  const clock = new MovableClock();
  await using client = new ScriptedLink({ clock, heartbeatMs: own });
  client.link.open();
  const socket = await client.greeted(1);
  socket.welcome({ heartbeatMs: theirs });
  await client.event("open");
  // The first question may be early, for a peer that stands still; the connection is not cut early.
  clock.advance(2.5 * expected - 11);
  expect(socket.terminated).toBe(0);
  expect(socket.pings).toBeGreaterThan(0);
  expect(socket.pings).toBeLessThanOrEqual(3);
  clock.advance(21);
  expect(socket.terminated).toBe(1);
});
