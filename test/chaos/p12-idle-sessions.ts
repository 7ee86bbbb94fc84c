import { serveAgents } from "trunkline/server";
import { Link, resumeProtocol, SessionDesk } from "../../src/proxy/link/index.ts";
import { assistantSession } from "../proxy/remote-client.ts";
import { until } from "../support/settled.ts";
import { silentLinkEvents } from "../support/silent-link-events.ts";
import { DeskServer } from "./desk-server.ts";
import { LiveMemory } from "./live-memory.ts";
import { FakeSocket } from "./p12-fake-sockets.ts";
import { PeerProcess } from "./peer-process.ts";
import type { Outcome } from "./proof.ts";

const mostBytes = 20_480;
const patienceMs = 60_000;

/** What a session costs that does nothing: at either end alone, with its socket, and with all that `serveAgents` makes. */
export async function idleSessions(count: number, real: number): Promise<Outcome> {
  const problems: string[] = [];
  const figures: string[] = [];
  const ends = { "link and desk at the server": serverEnds, "link at the client": clientEnds };
  for (const [name, build] of Object.entries(ends)) {
    // Code is compiled, and maps have their first sizes.
    await costOf(build, Math.min(50, count));
    const bytes = await costOf(build, count);
    figures.push(`${name}: ${kilobytes(bytes)}`);
    if (bytes > mostBytes) problems.push(`A session costs ${kilobytes(bytes)}: ${name}.`);
  }
  if (real > 0) {
    figures.push(`at the server with its WebSocket: ${kilobytes(await withSockets(real))}`);
    figures.push(`and with runner, bus and two agents: ${kilobytes(await withAgents(real))}`);
  }
  return { passed: problems.length === 0, figures, problems };
}

async function costOf(build: (count: number) => readonly Link[], count: number): Promise<number> {
  const memory = await LiveMemory.started();
  const links = build(count);
  const areOpen = () => links.length === count && links.every(({ state }) => state === "open");
  await until(areOpen, "the links", patienceMs);
  const bytes = await memory.look();
  for (const link of links) link.terminate();
  return bytes / count;
}

/** Each with a client that says no more than it must. */
function serverEnds(count: number): readonly Link[] {
  const links: Link[] = [];
  const desk = new SessionDesk({ isSamePrincipal: () => true });
  for (let index = 0; index < count; index += 1) {
    const [client, socket] = FakeSocket.pair(resumeProtocol);
    client.send('{"t":"hello","v":1,"sid":null,"received":0}');
    client.send('{"t":"ack","received":0}');
    void desk.admit(socket, undefined).then((answer) => {
      if (answer.kind === "new") links.push(opened(new Link(answer.seat, { ...silentLinkEvents })));
    });
  }
  return links;
}

/** Each with a server that says no more than it must. */
function clientEnds(count: number): readonly Link[] {
  const secret = "A".repeat(22);
  const max = { frame: 1_048_576, messages: 2_048, bytes: 4_194_304 };
  const welcome = { t: "welcome", sid: secret, token: secret, windowMs: 120_000, max, heartbeatMs: 10_000 };
  return Array.from({ length: count }, () => {
    const [server, socket] = FakeSocket.pair(resumeProtocol);
    server.send(JSON.stringify(welcome));
    return opened(new Link({ dial: async () => socket }, { ...silentLinkEvents }));
  });
}

async function withSockets(count: number): Promise<number> {
  const links: Link[] = [];
  await using server = await DeskServer.listen({
    onSeat: (seat) => void links.push(opened(new Link(seat, { ...silentLinkEvents }))),
  });
  await using _first = await PeerProcess.started("idle-clients", server.url, "20");
  const memory = await LiveMemory.started();
  await using _peer = await PeerProcess.started("idle-clients", server.url, String(count));
  const bytes = await memory.look();
  for (const link of links) link.terminate();
  return bytes / count;
}

async function withAgents(count: number): Promise<number> {
  const limits = { maxSessions: 2 * count + 50, maxConnectionsPerAddress: 2 * count + 50 };
  const server = await serveAgents(limits, assistantSession);
  try {
    await using _first = await PeerProcess.started("idle-clients", server.url, "20");
    const memory = await LiveMemory.started();
    await using _peer = await PeerProcess.started("idle-clients", server.url, String(count));
    await until(() => server.sessionCount === count + 20, "the sessions", patienceMs);
    return (await memory.look()) / count;
  } finally {
    await server.close({ graceMs: 0 });
  }
}

function opened(link: Link): Link {
  link.open();
  return link;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} KiB`;
}
