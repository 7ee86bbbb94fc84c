import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { ourName, Pair, theirName } from "./pair.ts";
import { scenarios } from "./scenarios.ts";

scenarios("discovery", (setting) => {
  it("both sides learn of the other's agent", async () => {
    await using pair = await Pair.joined(setting);
    await pair.peer.event("ready");
    await pair.peer.do("watch", { agent_name: ourName });
    await pair.peer.event("agentReady", ({ agent }) => agent === ourName);
    await pair.agent.watchAgent(theirName);
    // Their client announces nobody, but who speaks is there.
    if (setting.role === "ours serves") {
      expect(pair.ready).toEqual([]);
      await pair.peer.do("frame", { frame: { type: "TextFrame", fields: { text: "hello" } } });
    }
    await until(() => pair.ready.includes(theirName), "their agent being ready here");
  });

  it("their agent is gone here when the link is", async () => {
    await using pair = await Pair.joined(setting);
    await pair.peer.event("ready");
    await pair.agent.watchAgent(theirName);
    await pair.peer.do("frame", { frame: { type: "TextFrame", fields: { text: "hello" } } });
    await until(() => pair.ready.includes(theirName), "their agent being ready here");
    pair.peer.kill();
    await until(() => pair.gone.includes(theirName), "their agent being gone");
    await until(() => pair.ends.length > 0, "our side hearing of the end");
    expect(pair.ends).toHaveLength(1);
  });
});
