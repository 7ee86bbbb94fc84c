import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { ourName, Pair, theirName } from "./pair.ts";
import { scenarios } from "./scenarios.ts";

const args = {
  messages: [{ role: "developer", content: "Grüße 👋 \u2028 ''" }],
  metadata: { nothing: null, empty: "", deep: [{ big: 9_007_199_254_740_991, half: 0.5 }], no: false },
};

scenarios("activation and handoff", (setting) => {
  it("our agent activates theirs with arguments, and deactivates it", async () => {
    await using pair = await Pair.joined(setting, { inactive: true });
    await pair.peer.event("ready");
    await pair.agent.activateAgent(theirName, { args: { ...args, runLlm: true } });
    const activated = await pair.peer.event("activated", ({ agent }) => agent === theirName);
    expect(activated.args).toEqual({ ...args, run_llm: true });
    await pair.agent.deactivateAgent(theirName);
    await pair.peer.event("deactivated", ({ agent }) => agent === theirName);
    expect(await pair.peer.do("state")).toMatchObject({ active: false });
  });

  it("their agent activates ours with arguments, and deactivates it", async () => {
    await using pair = await Pair.joined(setting, { active: false });
    await pair.peer.event("ready");
    await pair.peer.do("activate", { agent_name: ourName, args: { ...args, run_llm: false } });
    await until(() => pair.agent.active, "our agent being active");
    expect(pair.agent.activationArgs).toEqual({ ...args, runLlm: false });
    await pair.peer.do("deactivate", { agent_name: ourName });
    await until(() => !pair.agent.active, "our agent being inactive");
    expect([pair.agent.activations.length, pair.agent.deactivations]).toEqual([1, 1]);
  });

  it("they hand over to each other, there and back", async () => {
    await using pair = await Pair.joined(setting, { active: false });
    const { peer, agent } = pair;
    await peer.event("activated", (event) => event.agent === theirName);
    await peer.do("handOver", { agent_name: ourName, args: { metadata: { turn: 1 } } });
    await until(() => agent.active, "our agent being active");
    await peer.event("deactivated", (event) => event.agent === theirName);
    const after = peer.events.length;
    await agent.handoffTo(theirName, { activationArgs: { metadata: { turn: 2 } } });
    const activated = await peer.event("activated", (event) => event.agent === theirName, after);
    expect(activated.args).toEqual({ metadata: { turn: 2 } });
    expect(agent.active).toBe(false);
  });
});
