/**
 * Peers that do not do what is expected of them, in a process of their own:
 * `peer-program.ts deaf-server`, `peer-program.ts deaf-clients <url>`, `peer-program.ts idle-clients <url> <count>`.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";

/** What this program says to its parent: where its server listens, or that its clients are connected. */
export interface PeerReady {
  readonly url?: string | undefined;
}

const protocol = "trunkline.resume.v1";
const secret = "A".repeat(22);
const max = { frame: 1_048_576, messages: 2_048, bytes: 4_194_304 };
const welcome = { t: "welcome", sid: secret, token: secret, windowMs: 120_000, max, heartbeatMs: 10_000 };
const atOnce = 25;

// More often than a silent peer is cut. Not often: the library ends a connection whose pongs pile up, at some tens of them.
const lifeSignMs = 12_000;

/** Reads no more, and says that it lives: it is slow and not dead. */
function deafen(websocket: WebSocket): void {
  websocket.pause();
  const timer = setInterval(() => websocket.ping(), lifeSignMs);
  websocket.on("close", () => clearInterval(timer));
}

async function deafServer(): Promise<PeerReady> {
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has(protocol) && protocol,
  });
  server.on("connection", (websocket) => {
    websocket.on("error", () => {});
    if (websocket.protocol === "") return deafen(websocket);
    websocket.once("message", () => {
      websocket.send(JSON.stringify(welcome));
      // The client acknowledges at once.
      websocket.once("message", () => deafen(websocket));
    });
  });
  await once(server, "listening");
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function connect(url: string, protocols: string[]): Promise<WebSocket> {
  const websocket = new WebSocket(url, protocols, { perMessageDeflate: false });
  websocket.on("error", () => {});
  await once(websocket, "open");
  if (protocols.length === 0) return websocket;
  websocket.send('{"t":"hello","v":1,"sid":null,"received":0}');
  await once(websocket, "message");
  websocket.send('{"t":"ack","received":0}');
  return websocket;
}

async function deafClients(url: string): Promise<PeerReady> {
  for (const protocols of [[], [protocol]]) deafen(await connect(url, protocols));
  return {};
}

async function idleClients(url: string, count: number): Promise<PeerReady> {
  for (let begun = 0; begun < count; begun += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, count - begun) }, () => connect(url, [protocol]));
    for (const websocket of await Promise.all(batch)) {
      let received = 0;
      websocket.on("message", (_, isBinary) => {
        if (!isBinary) return;
        received += 1;
        websocket.send(JSON.stringify({ t: "ack", received }));
      });
    }
  }
  return {};
}

const [role, url = "", count = "0"] = process.argv.slice(2);
const roles: Readonly<Record<string, () => Promise<PeerReady>>> = {
  "deaf-server": deafServer,
  "deaf-clients": () => deafClients(url),
  "idle-clients": () => idleClients(url, Number(count)),
};
const begin = roles[role ?? ""];
if (begin === undefined) throw new Error(`There is no peer "${role}".`);
process.send?.(await begin());
// Nobody is left to be a peer of.
process.once("disconnect", () => process.exit());
