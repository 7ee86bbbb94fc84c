import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { TrunklineError } from "../errors.ts";
import { AgentServer, type SessionServerOptions } from "./agent-server.ts";
import { defaultMaxSessions } from "./entrance.node.ts";
import type { SessionSetup } from "./session.ts";
import { hasTooManyLines, maxHeaderBytes, maxHeaderLines, pathOf } from "./upgrade.ts";

/** Where a server listens, whom it lets in, and how many. */
export interface ServeAgentsOptions extends SessionServerOptions {
  /** Which port to listen on; 0 picks a free one. Default 0. Not together with `server`. */
  readonly port?: number | undefined;
  /** Which address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string | undefined;
  /** Where `GET` answers 200 with the number of sessions. Default `/health`. Not together with `server`. */
  readonly healthPath?: string | undefined;
  /**
   * How many sockets there may be at a time, with those that have not said anything yet; more are closed at once. Default
   * twice `maxSessions`. Not together with `server`, which has a `maxConnections` of its own.
   */
  readonly maxConnections?: number | undefined;
  /**
   * An HTTP server of yours to attach to. It stays yours: `close` ends the sessions and leaves it open. Upgrades of
   * other paths are left to whoever else listens for them there; when nobody does, they are refused.
   */
  readonly server?: Server | undefined;
}

/**
 * Serves agents to clients over WebSockets: each connection gets a runner, a bus and agents of its own, which `setup`
 * adds. The session's runner runs after `setup` returns and is cancelled when its client is gone.
 *
 * @throws TrunklineError `TL_PORT_IN_USE`, or `TL_INVALID_OPTION` for an address that cannot be listened on
 */
export async function serveAgents(options: ServeAgentsOptions, setup: SessionSetup): Promise<AgentServer> {
  if (options.server !== undefined) return new AgentServer(options.server, options, setup);
  let agents: AgentServer | undefined;
  // The server of agents has deadlines of its own, from the connection on, and keeps no connection after an answer.
  const http = createServer(
    { maxHeaderSize: maxHeaderBytes, requestTimeout: 0, headersTimeout: 0 },
    (request, response) => {
      // As later versions of Node do by themselves.
      if (hasTooManyLines(request.rawHeaders)) http.emit("clientError", tooManyLines(), request.socket);
      else answer(request, response, options.healthPath ?? "/health", agents?.sessionCount ?? 0);
    },
  );
  // What is beyond is dropped before anybody sees it: one more, so that too many can be told from enough.
  http.maxHeadersCount = maxHeaderLines + 1;
  http.maxConnections = options.maxConnections ?? 2 * (options.maxSessions ?? defaultMaxSessions);
  await listen(http, options.port ?? 0, options.host ?? "127.0.0.1");
  agents = new AgentServer(http, options, setup, () => stop(http));
  return agents;
}

function answer(request: IncomingMessage, response: ServerResponse, healthPath: string, sessions: number): void {
  // Whoever gets an answer here is no client of ours; the connection is not kept.
  response.setHeader("connection", "close");
  if (request.method === "GET" && pathOf(request) === healthPath) {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ status: "ok", sessions }));
  } else response.writeHead(pathOf(request) === healthPath ? 405 : 404).end();
}

function tooManyLines(): Error {
  return Object.assign(new Error("The request has too many headers."), { code: "HPE_HEADER_OVERFLOW" });
}

async function listen(http: Server, port: number, host: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      http.once("error", reject);
      http.listen(port, host, () => {
        http.off("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    throw explain(cause as NodeJS.ErrnoException, port, host);
  }
}

function explain(cause: NodeJS.ErrnoException, port: number, host: string): TrunklineError {
  if (cause.code === "EADDRINUSE") {
    const message = `Port ${port} on ${host} is in use. Stop the program that has it, or choose another port.`;
    return new TrunklineError("TL_PORT_IN_USE", message, { cause });
  }
  return new TrunklineError("TL_INVALID_OPTION", `Cannot listen on ${host}, port ${port}: ${cause.message}.`, {
    cause,
  });
}

async function stop(http: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    http.close(() => resolve());
    // Also those that have not said anything: a server that closes gives up its watch over slow requests.
    http.closeAllConnections();
  });
}
