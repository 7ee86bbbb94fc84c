/** The script of the tests' page: one agent, `page`, joined to `assistant` on the server. */
import { AgentRunner, BusFrameMessage, WebSocketProxyClientAgent } from "trunkline";
import { TabAgent } from "./tab-agent.ts";
import { tabLink } from "./tab-link.ts";

const runner = new AgentRunner();
const tab = new TabAgent("page", { bus: runner.bus, bridged: true });
runner.on("error", (error) => void tab.diary.push(`error: ${error.message}`));
const proxy = new WebSocketProxyClientAgent("proxy", {
  bus: runner.bus,
  url: `ws://${location.host}/agents?token=${location.hash.slice(1)}`,
  localAgentName: "page",
  remoteAgentName: "assistant",
  forwardMessages: [BusFrameMessage],
  link: tabLink,
});
proxy.on("connected", () => void tab.diary.push("connected"));
proxy.on("interrupted", ({ code }) => void tab.diary.push(`interrupted: ${code}`));
proxy.on("resumed", () => void tab.diary.push("resumed"));
proxy.on(
  "disconnected",
  ({ code, clean }) => void tab.diary.push(`disconnected: ${code} ${clean ? "clean" : "broken"}`),
);
proxy.on("connectFailed", ({ error }) => void tab.diary.push(`connectFailed: ${error.message}`));
tab.on("ready", async () => {
  await tab.watchAgent("assistant", () => void tab.diary.push("assistant is there"));
  await tab.activateAgent("proxy");
});
tab.on("agentGone", ({ agentName }) => void tab.diary.push(`${agentName} is gone`));
Object.assign(globalThis, { tab });

await runner.addAgent(tab);
await runner.addAgent(proxy);
await runner.run();
