import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { Pair, theirName } from "./pair.ts";
import { scenarios } from "./scenarios.ts";

scenarios("the end of a link", (setting) => {
  it("a clean end of theirs is told here once", async () => {
    await using pair = await Pair.joined(setting);
    await pair.peer.event("ready");
    await pair.peer.do("endRunner", { reason: "that is all" });
    await until(() => pair.ends.length > 0, "our side hearing of the end", 15_000);
    await pair.peer.event("sessionEnded");
    expect(pair.ends).toHaveLength(1);
  });

  it("a cancel of theirs is told here once", async () => {
    await using pair = await Pair.joined(setting);
    await pair.peer.event("ready");
    await pair.peer.do("cancelRunner", { reason: "enough" });
    await until(() => pair.ends.length > 0, "our side hearing of the end", 15_000);
    expect(pair.ends).toHaveLength(1);
  });

  it("their process dying is told here once, and what was asked of it fails", async () => {
    await using pair = await Pair.joined(setting);
    const { peer, agent } = pair;
    await peer.event("ready");
    // Their client announces nobody, but who speaks is there.
    await peer.do("frame", { frame: { type: "TextFrame", fields: { text: "hello" } } });
    const run = agent.task(theirName, { name: "wait", payload: {} });
    const failed = expect(run).rejects.toMatchObject({ agentName: theirName });
    await peer.event("waiting");
    peer.kill();
    await failed;
    await until(() => !pair.runner.registry.has(theirName), "their agent being gone");
    await until(() => pair.ends.length > 0, "our side hearing of the end");
    expect(pair.ends).toEqual([expect.objectContaining({ code: 1006 })]);
  });

  it("our end reaches their side, and harms nothing there", async () => {
    await using pair = await Pair.joined(setting);
    await pair.peer.event("ready");
    await pair.runner.end("that is all");
    await until(() => pair.ends.length > 0, "the link being over");
    // Their client does not notice a clean close; their server does.
    if (setting.role === "theirs serves") await pair.peer.event("disconnected");
    expect(pair.peer.running).toBe(true);
    expect(await pair.peer.do("state")).toMatchObject({ active: true });
  });

  it("our connection breaking is told on both sides once", async () => {
    await using pair = await Pair.joined(setting);
    await pair.peer.event("ready");
    for (const socket of pair.sockets) socket.terminate();
    await until(() => pair.ends.length > 0, "our side hearing of the end");
    await pair.peer.event("disconnected");
    expect([pair.ends.length, pair.peer.count("disconnected")]).toEqual([1, 1]);
    expect(pair.peer.running).toBe(true);
  });

  it("their wish to end or cancel everything stays theirs", async () => {
    await using pair = await Pair.joined(setting);
    const { peer, runner } = pair;
    await peer.event("ready");
    for (const kind of ["End", "Cancel"])
      await peer.do("sendMessage", { kind, target: "ours", fields: { reason: "all" } });
    await until(() => pair.rejected.length + pair.ends.length > 0, "a refusal, or their own end", 10_000);
    // A session of ours ends with its client, which obeyed its own words.
    if (setting.role === "ours serves") return;
    expect(runner.agents.length).toBeGreaterThan(0);
    expect(pair.agent.ready).toBe(true);
  });
});
