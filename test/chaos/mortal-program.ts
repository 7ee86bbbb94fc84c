/**
 * One side of a conversation, in a process that will be killed: `mortal-program.ts server <file>` or
 * `mortal-program.ts client <file> <url>`. It writes how many messages have arrived into the file.
 */
import { openSync } from "node:fs";
import { BusFrameMessage } from "trunkline";
import { serveAgents } from "trunkline/server";
import { CountingAgent } from "./counting-agent.ts";
import { JoinedRunner } from "./joined-runner.ts";

const [role, path = "", url = ""] = process.argv.slice(2);
const file = openSync(path, "w");
const forever = new AbortController().signal;
const perSecond = 1_000;

if (role === "server") {
  const server = await serveAgents({}, async ({ runner, proxy }) => {
    const agent = new CountingAgent("assistant", { bus: runner.bus, active: true }, file);
    const names = { agentName: "assistant", remoteAgentName: "acme" };
    const gateway = proxy({ ...names, forwardMessages: [BusFrameMessage] });
    await runner.addAgent(gateway);
    await runner.addAgent(agent);
    gateway.on("clientConnected", () => void agent.speak(perSecond, forever));
  });
  process.send?.(server.url);
} else {
  const { acme } = await JoinedRunner.connected(url, (bus) => new CountingAgent("acme", { bus, active: true }, file));
  process.send?.("connected");
  void acme.speak(perSecond, forever);
}
// Nobody is left to be killed by.
process.once("disconnect", () => process.exit());
