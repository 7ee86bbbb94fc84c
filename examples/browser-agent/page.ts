/** The page's script: a runner with a bus of its own, the agent that lives here, and the proxy to the server. */
import { AgentRunner, BusFrameMessage, WebSocketProxyClientAgent } from "trunkline";
import { PageAgent } from "./page-agent.ts";
import { PageView } from "./page-view.ts";

const view = new PageView(document);
const runner = new AgentRunner();
runner.on("error", (error) => view.note(error.message));

const agent = new PageAgent("page", { bus: runner.bus, view });
const proxy = new WebSocketProxyClientAgent("proxy", {
  bus: runner.bus,
  // A WebSocket of a page has no headers, so the token is part of the URL.
  url: () => `ws://${location.host}/agents?${new URLSearchParams({ token: location.hash.slice(1) })}`,
  localAgentName: "page",
  remoteAgentName: "assistant",
  forwardMessages: [BusFrameMessage],
});
// A connection that breaks is replaced by itself, and what was on its way arrives: nothing is to be done but to say so.
let inSession = false;
proxy.on("connected", () => {
  inSession = true;
});
proxy.on("interrupted", () => view.status("interrupted, connecting again"));
proxy.on("resumed", () => view.status("connected"));
proxy.on("disconnected", async () => {
  inSession = false;
  view.notConnected("connection lost, connecting again");
  await agent.activateAgent("proxy");
});
proxy.on("connectFailed", ({ retryInMs = 0 }) => {
  const why = `no connection, trying again in ${(retryInMs / 1_000).toFixed(1)} s`;
  if (inSession) view.status(why);
  else view.notConnected(why);
});
view.onWords((text) => void agent.hear(text).catch((error: Error) => view.note(error.message)));

await runner.addAgent(agent);
await runner.addAgent(proxy);
await runner.run();
