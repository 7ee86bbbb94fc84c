/**
 * Whatever a test file opens, it closes: sockets, servers, child processes, timers and signal listeners that are
 * still there when its last test is over fail the file. Unref'd timers do not count; they keep nobody waiting.
 */
import { setTimeout as sleep } from "node:timers/promises";

// Bound now, before a test can put a fake clock in its place.
const now = performance.now.bind(performance);
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How many of each kind of thing are open in this process. */
export type OpenHandles = ReadonlyMap<string, number>;

export function openHandles(): OpenHandles {
  const kinds = [...process.getActiveResourcesInfo(), ...signals.flatMap(listenersOf)];
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** What is open after and was not before, as `3 TCPSocketWrap`. */
export function leftOpen(before: OpenHandles, after: OpenHandles): string[] {
  const more = [...after].map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const);
  return more.filter(([, count]) => count > 0).map(([kind, count]) => `${count} ${kind}`);
}

/** Gives what is closing until `graceMs` to be gone, and returns what is then left. */
export async function leftOpenAfter(before: OpenHandles, graceMs: number): Promise<string[]> {
  const endsAt = now() + graceMs;
  for (;;) {
    const left = leftOpen(before, openHandles());
    if (left.length === 0 || now() >= endsAt) return left;
    await sleep(20);
  }
}

function listenersOf(signal: (typeof signals)[number]): string[] {
  return Array.from({ length: process.listenerCount(signal) }, () => `${signal} listener`);
}
