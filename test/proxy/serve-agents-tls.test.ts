import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentRunner, BaseAgent, BusFrameMessage, type ProxyDial, WebSocketProxyClientAgent } from "trunkline";
import { type AgentServer, type SessionSetup, serveAgents } from "trunkline/server";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { AcmeAssistant, offlineAcmeModel } from "../../examples/remote-proxy-assistant/acme-assistant.ts";
import { endAllPrograms, run } from "../examples/program.ts";
import { type SelfSigned, selfSigned } from "../support/self-signed.ts";
import { until } from "../support/settled.ts";
import { assistantSession, RemoteClient } from "./remote-client.ts";

/** Agents on an HTTPS server of the test's own. */
class ServingOverTls implements AsyncDisposable {
  readonly https: Server;
  readonly agents: AgentServer;
  readonly certificate: SelfSigned;

  private constructor(https: Server, agents: AgentServer, certificate: SelfSigned) {
    this.https = https;
    this.agents = agents;
    this.certificate = certificate;
  }

  static async begin(setup: SessionSetup = assistantSession): Promise<ServingOverTls> {
    const certificate = selfSigned();
    const https = createServer(certificate, (_, response) => response.end("mine"));
    await once(https.listen(0, "127.0.0.1"), "listening");
    return new ServingOverTls(https, await serveAgents({ server: https, path: "/agents" }, setup), certificate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agents.close({ graceMs: 500 });
    this.https.closeAllConnections();
    this.https.close();
    await once(this.https, "close");
  }
}

/** Dials as the library does, and trusts one more certificate. */
function dialTrusting(ca: string): ProxyDial {
  return async (url, { headers = {}, maxPayloadBytes, signal }) => {
    const websocket = new WebSocket(url, { ca, headers, maxPayload: maxPayloadBytes });
    signal?.addEventListener("abort", () => websocket.terminate(), { once: true });
    await once(websocket, "open");
    return websocket;
  };
}

it("an HTTPS server makes the agents' URL wss, and a client that trusts the certificate works over it", async () => {
  await using serving = await ServingOverTls.begin();
  const { agents, certificate } = serving;
  expect(agents.url).toBe(`wss://127.0.0.1:${agents.port}/agents`);
  await using client = await RemoteClient.connected(agents.url, { dial: dialTrusting(certificate.cert) });
  expect(await client.double(21)).toBe(42);
  expect(await client.echo("over TLS")).toBe("over TLS");
  await client.leave();
  expect(client.disconnected).toMatchObject([{ code: 1000, clean: true }]);
  await until(() => agents.sessionCount === 0, "the end of the session");
  expect(serving.https.listening).toBe(true);
});

it("a client that does not trust the certificate is not let through to the agents, and is told why", async () => {
  await using serving = await ServingOverTls.begin();
  const { agents } = serving;
  const runner = new AgentRunner({ handleSigint: false });
  const acme = new BaseAgent("acme", { bus: runner.bus });
  const names = { localAgentName: "acme", remoteAgentName: "assistant" };
  const link = { connectAttempts: 1 };
  const proxy = new WebSocketProxyClientAgent("proxy", { bus: runner.bus, url: agents.url, ...names, link });
  const failures: string[] = [];
  proxy.on("connectFailed", async ({ error }) => {
    failures.push(error.message);
    await runner.cancel("no connection");
  });
  acme.on("ready", () => acme.activateAgent("proxy"));
  await runner.addAgent(acme);
  await runner.addAgent(proxy);
  await runner.run();
  expect(failures).toEqual([expect.stringContaining(`${agents.url}: self-signed certificate`)]);
  expect(agents.sessionCount).toBe(0);
});

it("a program that is told to trust the certificate by NODE_EXTRA_CA_CERTS needs no dial of its own", async () => {
  await using serving = await ServingOverTls.begin(async (session) => {
    const { runner } = session;
    const names = { agentName: "assistant", remoteAgentName: "acme" };
    await runner.addAgent(session.proxy({ ...names, forwardMessages: [BusFrameMessage] }));
    await runner.addAgent(new AcmeAssistant("assistant", { bus: runner.bus, model: offlineAcmeModel() }));
  });
  const folder = await mkdtemp(join(tmpdir(), "trunkline-tls-"));
  try {
    const trusted = join(folder, "trusted.pem");
    await writeFile(trusted, serving.certificate.cert);
    const args = ["--remote-agent-url", serving.agents.url, "--say", "How much are the rocket boots?"];
    const { code, stdout } = await run("main", args, { env: { NODE_EXTRA_CA_CERTS: trusted } });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("$299") });
  } finally {
    await endAllPrograms();
    await rm(folder, { recursive: true });
  }
});
