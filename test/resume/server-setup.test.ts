import { describe, expect, it } from "vitest";
import { deferred } from "../../src/util/index.ts";
import { until } from "../support/settled.ts";
import { HandClient } from "./hand-client.ts";
import { Stage } from "./server-stage.ts";

describe("a session that is still being set up", () => {
  it("hears what its client says meanwhile, each once and in order, also over cuts and take-overs", async () => {
    const built = deferred();
    const begun = deferred();
    const before = async (): Promise<void> => {
      begun.resolve();
      await built.promise;
    };
    await using stage = await Stage.open({}, { before });
    const client = stage.keep(await HandClient.begin(stage.url));
    await begun.promise;
    for (let round = 0; round < 10; round++) {
      client.say(`${3 * round}`, `${3 * round + 1}`);
      if (round % 2 === 0) await client.cut();
      client.say(`${3 * round + 2}`);
      await client.resume();
    }
    built.resolve();
    await until(() => stage.sessions[0]?.texts.length === 30, "all that was said");
    expect(stage.sessions[0]?.texts).toEqual(Array.from({ length: 30 }, (_value, index) => `${index}`));
    await client.hears(({ received }) => received === 1, "the assistant being announced");
    expect(stage.sessions).toHaveLength(1);
    expect(stage.sessions[0]?.told("clientConnected")).toHaveLength(1);
    expect(stage.errors).toEqual([]);
  });

  it("is built to its end while its client is away, and found when it comes back", async () => {
    const built = deferred();
    await using stage = await Stage.open({}, { before: () => built.promise });
    const client = stage.keep(await HandClient.begin(stage.url));
    await until(() => stage.server.sessionCount === 1, "the session being begun");
    await client.cut();
    built.resolve();
    await until(() => stage.sessions.length === 1, "the session being built");
    await client.resume();
    client.say("back");
    await until(() => stage.sessions[0]?.texts.length === 1, "the session being served");
    expect(stage.sessions[0]?.session.signal.aborted).toBe(false);
  });

  it("is over when its setup fails, and nobody can resume it", async () => {
    let fails = true;
    const before = async (): Promise<void> => {
      if (fails) throw new Error("no model");
    };
    await using stage = await Stage.open({}, { before });
    const client = stage.keep(new HandClient(stage.url));
    const socket = await client.connect();
    expect(await socket.ended()).toMatchObject({ code: 1011 });
    await until(() => stage.server.sessionCount === 0, "the session being over");
    expect(stage.errors).toMatchObject([{ error: { code: "TL_SESSION_FAILED" } }]);
    fails = false;
    const again = await client.connect();
    const welcome = await again.control("welcome");
    if (socket.controls.length > 0) expect(welcome).toMatchObject({ lost: "unknown" });
    await client.hears(({ received }) => received === 1, "the assistant of the next session being announced");
  });

  it("is over when its setup fails while its client is away", async () => {
    const failing = deferred();
    let count = 0;
    const before = async (): Promise<void> => {
      count += 1;
      if (count > 1) return;
      await failing.promise;
      throw new Error("no model");
    };
    await using stage = await Stage.open({}, { before });
    const client = stage.keep(await HandClient.begin(stage.url));
    await until(() => count === 1, "the session being begun");
    await client.cut();
    failing.resolve();
    await until(() => stage.server.sessionCount === 0, "the session being over");
    expect(await client.comeBackTooLate()).toMatchObject({ lost: "unknown" });
    await client.hears(({ received }) => received === 1, "the assistant of the next session being announced");
  });
});
