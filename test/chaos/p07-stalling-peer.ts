/** A server in a process of its own, whose handlers stand still when they are told to: `… p07-stalling-peer.ts serve`. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { Link } from "../../src/proxy/link/index.ts";
import { linkSocketFrom } from "../../src/proxy/socket.ts";
import { type PeerOrder, type PeerWord, standStill } from "./p07-real-stalls.ts";

async function serve(): Promise<void> {
  const say = (word: PeerWord): void => void process.send?.(word);
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  server.on("connection", (websocket, request) => {
    const heartbeatMs = Number(new URL(request.url ?? "", "ws://localhost").searchParams.get("heartbeatMs"));
    const link = new Link(
      { socket: linkSocketFrom(websocket) },
      {
        onOpen: () => {},
        onMessage: () => {},
        onOversize: () => {},
        onConnectFailed: () => {},
        onClosed: ({ code }) => say({ ended: code }),
        onFault: (error) => {
          throw error;
        },
      },
      { heartbeatMs },
    );
    link.open();
  });
  process.on("message", ({ stallMs }: PeerOrder) => standStill(stallMs));
  process.once("disconnect", () => process.exit());
  await once(server, "listening");
  say({ port: (server.address() as AddressInfo).port });
}

// The list of proofs imports it too.
if (process.argv[2] === "serve") await serve();
