/** The script of a page or a worker whose link may be cut: its agent `page`, joined to `assistant` on the server. */
import { AgentRunner, BusFrameMessage, type LinkOptions, WebSocketProxyClientAgent } from "trunkline";
import { TabAgent } from "./tab-agent.ts";

/** What the page is told behind the # of its URL. */
export interface ResumingTabOptions {
  /** Where to connect, without the token. */
  readonly socket: string;
  readonly link: LinkOptions;
}

const { socket, link }: ResumingTabOptions = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const runner = new AgentRunner();
const tab = new TabAgent("page", { bus: runner.bus, bridged: true });
const tell = (what: string) => void tab.diary.push(what);
runner.on("error", (error) => tell(`error: ${error.message}`));

const proxy = new WebSocketProxyClientAgent("proxy", {
  bus: runner.bus,
  url: async () => `${socket}?token=${await (await fetch("/token")).text()}`,
  localAgentName: "page",
  remoteAgentName: "assistant",
  forwardMessages: [BusFrameMessage],
  link,
});
proxy.on("connected", () => tell("connected"));
proxy.on("interrupted", ({ code }) => tell(`interrupted: ${code}`));
proxy.on("resumed", () => tell("resumed"));
proxy.on("sessionLost", ({ reason }) => tell(`sessionLost: ${reason}`));
proxy.on("disconnected", ({ code, clean }) => tell(`disconnected: ${code} ${clean ? "clean" : "broken"}`));
proxy.on("connectFailed", ({ error }) => tell(`connectFailed: ${error.code} ${error.message}`));
proxy.on("rejected", ({ message }) => tell(`rejected: ${message}`));
tab.on("ready", async () => {
  await tab.watchAgent("assistant", () => tell("assistant is there"));
  await tab.activateAgent("proxy");
});
tab.on("agentGone", ({ agentName }) => tell(`${agentName} is gone`));
Object.assign(globalThis, { tab, proxy });

await runner.addAgent(tab);
await runner.addAgent(proxy);
await runner.run();
