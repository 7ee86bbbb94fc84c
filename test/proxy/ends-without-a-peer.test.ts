import type { DisconnectedData } from "trunkline";
import { describe, expect, it } from "vitest";
import { ClientStage } from "../resume/client-stage.ts";
import { HandServer } from "../resume/hand-server.ts";
import { HandSession } from "../resume/hand-session.ts";
import { Stage } from "../resume/server-stage.ts";

const texts = (count: number) => Array.from({ length: count }, (_value, index) => `text ${index}`);

describe("a session that is ended", () => {
  it("whose connection is cut before the peer has answered the goodbye: says what was not acknowledged", async () => {
    await using stage = await Stage.open({ link: { closeTimeoutMs: 100 } });
    const { client, staged } = await stage.joined();
    client.acknowledges = false;
    client.socket.websocket.pause();
    await staged.say(...texts(5));
    await staged.session.runner.end("over");
    await staged.tells("clientDisconnected");
    const [ending] = staged.told("clientDisconnected") as DisconnectedData[];
    expect(ending).toMatchObject({ clean: false, lost: undefined });
    expect(ending?.unacknowledged).toBeGreaterThanOrEqual(5);
    expect(staged.told("sessionLost")).toEqual([]);
  });

  it.each(["before", "while"])(
    "whose connection is gone %s it is ended, with senders that wait at the bound: is over at once, and tells of every message",
    async (when) => {
      await using server = await HandServer.listen();
      await using client = await ClientStage.active(server.url, {
        link: { maxQueuedFrames: 10, backoff: { minMs: 60_000 } },
      });
      const session = await HandSession.begin(await server.connection(1));
      session.acknowledges = false;
      await client.event("connected");
      const said = Promise.allSettled(texts(50).map((text) => client.say(text)));
      await client.event("slow");
      if (when === "while") await client.deactivate();
      session.connection.cut();
      await client.event("interrupted");
      if (when === "before") await client.deactivate();
      const { unacknowledged } = (await client.event("disconnected")) as DisconnectedData;
      expect(client.story).toEqual(["connected", "interrupted", "disconnected"]);
      await said;
      expect(unacknowledged + client.all("rejected").length).toBeGreaterThanOrEqual(50);
    },
  );
});
