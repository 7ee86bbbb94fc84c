import { type AgentReadyData, AgentRegistry } from "trunkline";
import { describe, expect, it } from "vitest";
import { turns } from "../support/settled.ts";

const data = (agentName: string, runner = "here", more: Partial<AgentReadyData> = {}): AgentReadyData => ({
  agentName,
  runner,
  active: true,
  bridged: false,
  ...more,
});

function registry() {
  const errors: unknown[] = [];
  return { registry: new AgentRegistry("here", (error) => void errors.push(error)), errors };
}

describe("AgentRegistry", () => {
  it("tells local from remote, finds both, and nothing for an unknown name", () => {
    const { registry: r } = registry();
    expect(r.runnerName).toBe("here");
    r.register(data("a"));
    r.register(data("b", "there"));
    r.register(data("c", "elsewhere"));
    expect([r.localAgents, r.remoteAgents]).toEqual([["a"], ["b", "c"]]);
    expect([r.isLocal("a"), r.isLocal("b")]).toEqual([true, false]);
    expect([r.has("a"), r.has("b"), r.has("x")]).toEqual([true, true, false]);
    expect([r.get("a"), r.get("b"), r.get("x")]).toEqual([data("a"), data("b", "there"), undefined]);
  });

  it("registering twice returns false, keeps one entry and tells no watcher", () => {
    const { registry: r } = registry();
    const seen: string[] = [];
    r.watch("a", ({ agentName }) => seen.push(agentName));
    expect([r.register(data("a")), r.register(data("a"))]).toEqual([true, false]);
    expect([r.localAgents, seen]).toEqual([["a"], ["a"]]);
  });

  it("finds the local one of two first, then the one that was known first, and keeps runners apart", () => {
    const { registry: r } = registry();
    r.register(data("a", "there"));
    r.register(data("a", "elsewhere"));
    expect(r.get("a")?.runner).toBe("there");
    r.register(data("a"));
    expect(r.get("a")?.runner).toBe("here");
    expect([r.unregister("a", "here"), r.unregister("a", "here")]).toEqual([true, false]);
    r.unregister("a", "there");
    expect(r.get("a")?.runner).toBe("elsewhere");
    expect(r.find("a", "there")).toBeUndefined();
  });

  it("all watchers of a name fire, with the data; those of other names do not", () => {
    const { registry: r } = registry();
    const seen: unknown[] = [];
    r.watch("a", (ready) => seen.push(["one", ready]));
    r.watch("a", (ready) => seen.push(["two", ready]));
    r.watch("b", () => seen.push("wrong"));
    r.register(data("a", "there", { startedAt: 5 }));
    const ready = data("a", "there", { startedAt: 5 });
    expect(seen).toEqual([
      ["one", ready],
      ["two", ready],
    ]);
  });

  it("a watcher fires at once if the name is known, once however often it is added, and again when it comes back", () => {
    const { registry: r } = registry();
    r.register(data("a"));
    let count = 0;
    const watcher = () => {
      count += 1;
    };
    const ends = [r.watch("a", watcher), r.watch("a", watcher)];
    expect(count).toBe(1);
    r.unregister("a", "here");
    r.register(data("a"));
    expect(count).toBe(2);
    for (const end of ends) end();
    expect(r.watchedAgents).toEqual([]);
  });

  it("a watch may end in its own handler, end another one, and begin a new one", () => {
    const { registry: r } = registry();
    const seen: string[] = [];
    const endFirst = r.watch("a", () => {
      seen.push("first");
      endFirst();
      endSecond();
      r.watch("a", () => seen.push("new"));
    });
    const endSecond = r.watch("a", () => seen.push("second"));
    r.register(data("a"));
    expect(seen).toEqual(["first", "new"]);
    r.unregister("a", "here");
    r.register(data("a"));
    expect(seen).toEqual(["first", "new", "new"]);
  });

  it("reports a watcher that throws or rejects, and tells the others", async () => {
    const { registry: r, errors } = registry();
    const seen: string[] = [];
    r.watch("a", () => {
      throw new Error("thrown");
    });
    r.watch("a", async () => {
      throw new Error("rejected");
    });
    r.watch("a", () => seen.push("told"));
    r.register(data("a"));
    await turns(1);
    expect(seen).toEqual(["told"]);
    expect(errors).toMatchObject([{ message: "thrown" }, { message: "rejected" }]);
  });

  it("says that an agent is gone to everyone at once, also beside a handler that never ends", () => {
    const { registry: r } = registry();
    const seen: unknown[] = [];
    r.on("agentGone", () => new Promise<void>(() => {}));
    const off = r.on("agentGone", (gone) => seen.push(gone));
    r.register(data("a", "there"));
    r.unregister("a", "there", "link lost");
    expect(seen).toEqual([{ agentName: "a", runner: "there", reason: "link lost" }]);
    off();
    r.register(data("a", "there"));
    r.unregister("a", "there");
    expect(seen).toHaveLength(1);
  });
});
