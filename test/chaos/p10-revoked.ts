import { serveAgents } from "trunkline/server";
import { assistantSession } from "../proxy/remote-client.ts";
import { HandClient, HandSocket } from "../resume/hand-client.ts";
import { until } from "../support/settled.ts";
import type { Outcome } from "./proof.ts";

/** Principals that are let in no more, and others who have their session ids and tokens. */
export async function resumeAfterRevocation(count: number, signal: AbortSignal): Promise<Outcome> {
  const problems: string[] = [];
  const revoked = new Set<string>();
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }): unknown => {
    const user = headers["x-user"] as string;
    return revoked.has(user) ? undefined : { user };
  };
  const server = await serveAgents({ authenticate, maxConnectionsPerAddress: 200 }, assistantSession);
  let [locked, forbidden] = [0, 0];
  try {
    for (let n = 0; n < count && !signal.aborted && problems.length < 5; n += 1) {
      const user = `user-${n}`;
      await using client = await HandClient.begin(server.url, { "x-user": user });
      await client.hears(({ received }) => received === 1, "the assistant");
      const { sid, token, received } = client;
      const hello = { t: "hello", v: 1, sid, token, received };
      await client.cut();
      await until(() => server.counters.suspended === 1, "the session being suspended");
      revoked.add(user);
      await client.connect().then(
        () => void problems.push(`${user} was let in.`),
        ({ message }: Error) => {
          if (message === "status 401") locked += 1;
          else problems.push(message);
        },
      );
      await using thief = await HandSocket.open(server.url, { headers: { "x-user": "somebody else" } });
      thief.say(hello);
      const { code } = await thief.ended();
      if (code === 4503 && thief.heard.length === 0) forbidden += 1;
      else problems.push(`Somebody else was told ${code} ${JSON.stringify(thief.heard)}.`);
      if (server.counters.resumed !== n) problems.push(`${server.counters.resumed - n} sessions were resumed.`);
      // Its session is still there, for the one whose it is.
      revoked.delete(user);
      await client.resume();
      await client.leave();
      await until(() => server.counters.sessions === 0, "the session being over");
    }
    return {
      passed: problems.length === 0,
      figures: [
        `${locked} returns of revoked principals: 0 resumes, all 401`,
        `${forbidden} with the right token and other credentials: 0 resumes, all 4503`,
      ],
      problems,
    };
  } finally {
    await server.close({ graceMs: 0 });
  }
}
