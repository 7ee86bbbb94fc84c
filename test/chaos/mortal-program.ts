/**
 * One side of a conversation, in a process that will be killed: `mortal-program.ts server <file> [silent]`
 * or `mortal-program.ts client <file> <url>`. It writes what arrives into the file.
 */
import { openSync } from "node:fs";
import { BusFrameMessage } from "trunkline";
import { serveAgents } from "trunkline/server";
import { recordArrivals } from "./arrivals.ts";
import { CountingAgent } from "./counting-agent.ts";
import { JoinedRunner } from "./joined-runner.ts";

const [role, path = "", word = ""] = process.argv.slice(2);
const file = openSync(path, "w");
const forever = new AbortController().signal;
const perSecond = 1_000;

if (role === "server") {
  const server = await serveAgents({}, async ({ runner, proxy }) => {
    const agent = new CountingAgent("assistant", { bus: runner.bus, active: true });
    recordArrivals(runner.bus, "acme", file);
    const names = { agentName: "assistant", remoteAgentName: "acme" };
    const gateway = proxy({ ...names, forwardMessages: [BusFrameMessage] });
    await runner.addAgent(gateway);
    await runner.addAgent(agent);
    if (word !== "silent") gateway.on("clientConnected", () => void agent.speak(perSecond, forever));
  });
  process.send?.(server.url);
} else {
  const { acme } = await JoinedRunner.connected(word, (bus) => {
    recordArrivals(bus, "assistant", file);
    return new CountingAgent("acme", { bus, active: true });
  });
  process.send?.("connected");
  void acme.speak(perSecond, forever);
}
// Nobody is left to be killed by.
process.once("disconnect", () => process.exit());
