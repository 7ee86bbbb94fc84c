import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { dial } from "../../src/proxy/dial.node.ts";
import { Link, type LinkOptions } from "../../src/proxy/link/index.ts";
import type { ProofContext } from "./proof.ts";

/** What is told to the process at the other end. */
export type PeerOrder = { readonly stallMs: number };
/** What it says. */
export type PeerWord = { readonly port: number } | { readonly ended: number };

const linksEach = 20;

interface Stalled {
  readonly alarms: number;
  readonly figure: string;
  readonly problems: readonly string[];
}

/** Links between two processes, both of which stand still again and again: one, the other, or both at once. */
export async function stallForReal(
  { random, signal, note }: ProofContext,
  forMs: number,
  stallMs: number,
): Promise<Stalled | undefined> {
  if (forMs === 0) return undefined;
  const peer = startPeer();
  let peerAlarms = 0;
  const problems: string[] = [];
  peer.on("message", (word: PeerWord) => {
    if ("ended" in word) peerAlarms += 1;
  });
  const [{ port }] = (await once(peer, "message")) as [{ readonly port: number }];
  const url = `ws://127.0.0.1:${port}/`;
  const links = await Promise.all(
    [1_000, 10_000].flatMap((heartbeatMs) =>
      Array.from({ length: linksEach }, () => openLink(`${url}?heartbeatMs=${heartbeatMs}`, { heartbeatMs }, problems)),
    ),
  );
  const endsAt = performance.now() + forMs;
  const stalls = { ours: 0, theirs: 0 };
  try {
    while (performance.now() < endsAt && !signal.aborted && problems.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, random() * 1_200));
      const whose = Math.floor(random() * 3);
      if (whose !== 0) {
        stalls.theirs += 1;
        peer.send({ stallMs } satisfies PeerOrder);
      }
      if (whose === 1) {
        // Both at once, or one a little later.
        await new Promise((resolve) => setTimeout(resolve, random() * stallMs));
      }
      if (whose !== 2) {
        stalls.ours += 1;
        standStill(stallMs);
      } else await new Promise((resolve) => setTimeout(resolve, stallMs));
    }
    note(`${stalls.ours} stalls of this process, ${stalls.theirs} of the other`);
    const alarms = problems.length + peerAlarms;
    if (peerAlarms > 0) problems.push(`The other process gave up ${peerAlarms} links.`);
    const seconds = Math.round(forMs / 1_000);
    const figure = `${alarms} on ${links.length} links in ${seconds} s of ${stalls.ours + stalls.theirs} real stalls`;
    return { alarms, figure, problems };
  } finally {
    for (const link of links) link.terminate();
    const gone = once(peer, "exit");
    peer.kill("SIGKILL");
    await gone;
  }
}

/** What a handler does that computes for too long. */
export function standStill(forMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}

function startPeer(): ChildProcess {
  const program = fileURLToPath(new URL("p07-stalling-peer.ts", import.meta.url));
  return fork(program, ["serve"], { execArgv: ["--no-warnings", "--conditions=trunkline-source", "--import", "tsx"] });
}

function openLink(url: string, options: LinkOptions, problems: string[]): Promise<Link> {
  return new Promise((resolve, reject) => {
    const link = new Link(
      { dial: (signal) => dial(url, { signal }) },
      {
        onOpen: () => resolve(link),
        onMessage: () => {},
        onOversize: () => {},
        onConnectFailed: ({ error }) => reject(error),
        onClosed: ({ code, reason }) => {
          if (reason !== "terminated on this side") problems.push(`A link ended with ${code}: ${reason}.`);
        },
        onFault: reject,
      },
      { ...options, connectAttempts: 1, resume: "off" },
    );
    link.open();
  });
}
