import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type AgentServer, type ServeAgentsOptions, type SessionSetup, serveAgents } from "trunkline/server";

/** A file of the page. */
export interface PageFile {
  readonly type: "text/html" | "text/css" | "text/javascript";
  readonly text: string;
}

export interface PageServerOptions extends Pick<ServeAgentsOptions, "link"> {
  /** By path; the page itself is `/`. */
  readonly files: Readonly<Record<string, PageFile>>;
  /** 0 picks a free one. Default 0. */
  readonly port?: number | undefined;
  /** The secret of whoever may connect. Default: a random one. */
  readonly token?: string | undefined;
  /** Builds what each tab that connects gets for itself. */
  readonly setup: SessionSetup;
}

/** Where the page's agent connects. */
export const agentsPath = "/agents";

/**
 * Serves one page and the agents that it talks to, to this machine only.
 *
 * 1. Whoever connects comes from this page (origin) and has been given its URL (token).
 * 2. The page runs the script that is served here and no other, and talks to nobody but this server.
 */
export class PageServer implements AsyncDisposable {
  readonly agents: AgentServer;
  /** `http://127.0.0.1:8770`. */
  readonly origin: string;
  /** Where to open the page. The token is behind the #, which a browser sends to no server and tells no other page. */
  readonly url: string;
  readonly #http: Server;

  private constructor(http: Server, agents: AgentServer, token: string) {
    this.#http = http;
    this.agents = agents;
    this.origin = originOf(http);
    this.url = `${this.origin}/#${token}`;
  }

  static async listen(options: PageServerOptions): Promise<PageServer> {
    const { files, port = 0, token = randomBytes(32).toString("base64url"), setup, link } = options;
    const http = createServer((request, response) => answer(request, response, files, originOf(http)));
    await once(http.listen(port, "127.0.0.1"), "listening").catch((cause: Error) => {
      throw new Error(`Cannot listen on port ${port}: ${cause.message}. Choose another port, or 0 for a free one.`, {
        cause,
      });
    });
    const agents = await serveAgents(
      {
        server: http,
        path: agentsPath,
        allowedOrigins: [originOf(http)],
        authenticate: (request) => (bears(token, request) ? "whoever has the URL" : undefined),
        link,
      },
      setup,
    );
    return new PageServer(http, agents, token);
  }

  async close(): Promise<void> {
    await this.agents.close({ graceMs: 300 });
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  files: PageServerOptions["files"],
  origin: string,
): void {
  // A page of somebody else's whose name has been made to mean this machine asks for a host that is not ours.
  const ours = `http://${request.headers.host}` === origin;
  const path = request.url?.split("?")[0] ?? "";
  const file = Object.hasOwn(files, path) ? files[path] : undefined;
  if (!ours) refuse(response, 421, `This is ${origin}.`);
  else if (file === undefined) refuse(response, 404, "There is nothing here.");
  else if (request.method !== "GET" && request.method !== "HEAD") refuse(response, 405, "Ask with GET.");
  else response.writeHead(200, { "content-type": `${file.type}; charset=utf-8`, ...protection(origin) }).end(file.text);
}

/** What the browser is to hold the page to. */
function protection(origin: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src ${origin.replace("http:", "ws:")}${agentsPath}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // Text that is to become HTML or code is refused, wherever it comes from.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return {
    "content-security-policy": policy.join("; "),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  };
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${message}\n`);
}

/** Compared in a time that does not tell how much of it was right. */
function bears(token: string, { url = "" }: IncomingMessage): boolean {
  const expected = Buffer.from(token);
  const given = Buffer.from(new URL(url, "http://base").searchParams.get("token") ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function originOf(http: Server): string {
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}
