import { randomBytes } from "node:crypto";
import { MovableClock } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { SessionDesk } from "../../src/proxy/link/index.ts";
import { TokenChain } from "../../src/proxy/link/token-chain.ts";
import { DeskSocket } from "./desk-socket.ts";

const secret = (): string => randomBytes(16).toString("base64url");

describe("what a server remembers of sessions that can be resumed", () => {
  it("lost sessions: of the latest 10,000 the reason is told, of one before them it is unknown", async () => {
    const clock = new MovableClock();
    const desk = new SessionDesk({ link: { clock }, isSamePrincipal: () => true });
    const sids: string[] = [];
    for (let count = 0; count < 10_001; count++) {
      const answer = await desk.admit(new DeskSocket({ t: "hello", v: 1, sid: null, received: 0 }), undefined);
      if (answer.kind !== "new") throw new Error(`${answer.kind} is no new session`);
      sids.push(answer.seat.terms.sid);
      answer.seat.lose("pressure");
    }
    const reasonOf = async (sid: string | undefined): Promise<unknown> => {
      const socket = new DeskSocket({ t: "hello", v: 1, sid, token: secret(), received: 0 });
      await desk.admit(socket, undefined);
      return socket.heard[0]?.lost;
    };
    const told = [await reasonOf(sids[0]), await reasonOf(sids[1]), await reasonOf(sids[10_000])];
    expect(told).toEqual(["unknown", "pressure", "pressure"]);
    expect(clock.pending).toBe(0);
  });

  it("tokens: eight are good at a time, the one the client shows and the newest always among them", () => {
    const chain = new TokenChain();
    const shown = chain.newest;
    const given = [shown];
    for (let resumes = 0; resumes < 50; resumes++) {
      chain.renew(shown);
      given.push(chain.newest);
      const good = given.filter((token) => chain.has(token));
      expect(good).toHaveLength(Math.min(given.length, 8));
      expect([good[0], good.at(-1)]).toEqual([shown, chain.newest]);
    }
    chain.confirm();
    expect(given.filter((token) => chain.has(token))).toEqual([chain.newest]);
  });
});
