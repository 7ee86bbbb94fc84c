import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { promptly } from "./client-link.ts";
import { ClientStage, textsIn } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

/** Twenty texts and the announcement were sent, of which the server has taken what fits below the mark. */
async function crowded(server: HandServer, client: ClientStage): Promise<HandSession> {
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  for (let n = 1; n <= 20; n++) await client.say(`${n}`);
  await client.event("slow");
  await session.connection.framesHeard(4);
  return session;
}

/** What the sender has been told of the texts that the server did not take, by number or one by one. */
function reported(client: ClientStage): number {
  const [lost] = client.all("sessionLost") as { readonly unacknowledged: number }[];
  return (lost?.unacknowledged ?? 0) + client.all("rejected").length;
}

it.for(["lost", "refused"])("nothing that waits behind the mark is lost without a word: %s", async (how) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: { ...promptly, maxQueuedFrames: 4 } });
  const session = await crowded(server, client);
  const taken = textsIn(session.taken).length;
  if (how === "refused") session.connection.close(4500);
  else session.connection.cut();
  let after: readonly string[] = [];
  if (how === "lost") {
    const next = await HandSession.begin(await server.connection(2), { lost: "unknown" });
    next.acknowledges = true;
    await client.event("connected", 2);
    await client.say("last");
    await until(() => textsIn(next.taken).includes("last"), "the last text");
    after = textsIn(next.taken).filter((text) => text !== "last");
  }
  await client.event("disconnected");
  await client.running.runner.bus.idle();
  expect(reported(client) + after.length).toBeGreaterThanOrEqual(20 - taken);
});
