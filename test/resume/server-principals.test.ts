import type { IncomingMessage } from "node:http";
import { Admission } from "trunkline/server";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { HandSocket } from "./hand-client.ts";
import { expectUntouched, interrupt, Stage } from "./server-stage.ts";

const byHeader = ({ headers }: IncomingMessage): unknown =>
  headers.authorization === undefined ? undefined : { user: headers.authorization, roles: ["guest"] };
const as = (user: string) => ({ authorization: user });

describe("principals", () => {
  it("one that is another cannot resume, whatever it knows, and the session lives on for the right one", async () => {
    await using stage = await Stage.open({ authenticate: byHeader });
    const joined = await stage.joined(as("ann"));
    const { client, staged } = joined;
    const { sid, token, received } = client;
    for (let round = 0; round < 3; round++) {
      await using ben = await HandSocket.open(stage.url, { headers: as("ben") });
      ben.say({ t: "hello", v: 1, sid, token, received });
      expect(await ben.ended()).toMatchObject({ code: 4503 });
      expect(ben.heard).toEqual([]);
      if (round === 0) await expectUntouched(joined);
      else if (round === 1) await interrupt(joined);
    }
    await client.resume();
    client.say("ann again");
    await until(() => staged.texts.at(-1) === "ann again", "the session being served");
    expect(stage.sessions).toHaveLength(1);
  });

  it("one that may not come in any more cannot resume", async () => {
    let revoked = false;
    await using stage = await Stage.open({ authenticate: (request) => (revoked ? undefined : byHeader(request)) });
    const joined = await stage.joined(as("ann"));
    await interrupt(joined);
    revoked = true;
    await expect(joined.client.connect()).rejects.toThrow("status 401");
    revoked = false;
    await joined.client.resume();
  });

  it("are compared as the server says", async () => {
    const samePrincipal = (a: unknown, b: unknown) => String(a).split("@")[1] === String(b).split("@")[1];
    await using stage = await Stage.open({ authenticate: ({ headers }) => headers.authorization, samePrincipal });
    const { client } = await stage.joined(as("ann@acme"));
    await using eve = await HandSocket.open(stage.url, { headers: as("ann@evil") });
    const { sid, token, received } = client;
    eve.say({ t: "hello", v: 1, sid, token, received });
    expect(await eve.ended()).toMatchObject({ code: 4503 });
    const socket = await client.connect({}, { headers: as("ben@acme") });
    await socket.control("resumed");
  });

  it("a comparison that throws is a no", async () => {
    const samePrincipal = () => {
      throw new Error("the database is gone");
    };
    await using stage = await Stage.open({ authenticate: byHeader, samePrincipal });
    const joined = await stage.joined(as("ann"));
    const { sid, token, received } = joined.client;
    await using again = await HandSocket.open(stage.url, { headers: as("ann") });
    again.say({ t: "hello", v: 1, sid, token, received });
    await again.ended();
    expect(stage.errors).toMatchObject([{ error: { message: expect.stringContaining("the database is gone") } }]);
    expect(again.heard).toEqual([]);
    await expectUntouched(joined);
  });

  it("whose credentials expire are sent away with 4401, and a fresh credential resumes the session", async () => {
    const authenticate = ({ headers }: IncomingMessage) =>
      new Admission({ user: "ann" }, { expiresAt: Date.now() + Number(headers["x-lasts"]) });
    await using stage = await Stage.open({ authenticate });
    const { client, staged } = await stage.joined({ "x-lasts": "400" });
    expect(staged.session.principal).toEqual({ user: "ann" });
    const begun = performance.now();
    expect(await client.socket.ended()).toMatchObject({ code: 4401 });
    expect(performance.now() - begun).toBeLessThan(1_500);
    await staged.tells("interrupted");
    expect(staged.told("clientDisconnected")).toEqual([]);
    const socket = await client.connect({}, { headers: { "x-lasts": "60000" } });
    await socket.control("resumed");
    client.say("fresh");
    await until(() => staged.texts.length === 1, "the session being served");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(socket.ending).toBeUndefined();
  });
});
