import { serveAgents } from "trunkline/server";
import { assistantSession } from "../proxy/remote-client.ts";
import { HandClient, HandSocket } from "../resume/hand-client.ts";
import { until } from "../support/settled.ts";
import type { Dice } from "./dice.ts";
import type { Outcome } from "./proof.ts";

const victims = 8;
const atOnce = 20;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** One who knows which session it wants, has the credentials for it, and guesses the rest. */
class Thief {
  readonly #dice: Dice;
  readonly #victims: readonly HandClient[];
  readonly #used: ReadonlyMap<HandClient, string>;

  constructor(dice: Dice, all: readonly HandClient[], used: ReadonlyMap<HandClient, string>) {
    this.#dice = dice;
    this.#victims = all;
    this.#used = used;
  }

  guess(): { readonly sid: string; readonly token: string; readonly received: number } {
    const dice = this.#dice;
    const victim = dice.pick(this.#victims);
    const { sid = "", token = "", received } = victim;
    const other = dice.pick(this.#victims.filter((one) => one !== victim));
    const at = dice.below(22);
    const guesses = [
      () => Array.from({ length: 22 }, () => alphabet[dice.below(64)]).join(""),
      () =>
        token.slice(0, at) + dice.pick([...alphabet].filter((letter) => letter !== token[at])) + token.slice(at + 1),
      () => `${token.slice(1)}${token.slice(0, 1) === token.slice(1, 2) ? "-" : token.slice(0, 1)}`,
      () => other.token ?? "",
      () => other.sid ?? "",
      () => sid,
      () => this.#used.get(victim) ?? sid,
      () => "A".repeat(22),
    ];
    const guessed = dice.pick(guesses)();
    return { sid, token: guessed === token ? sid : guessed, received };
  }
}

export async function resumeWithWrongTokens(count: number, dice: Dice, signal: AbortSignal): Promise<Outcome> {
  const problems: string[] = [];
  const server = await serveAgents({ maxConnectionsPerAddress: 200 }, assistantSession);
  const clients: HandClient[] = [];
  try {
    const used = new Map<HandClient, string>();
    for (let index = 0; index < victims; index += 1) {
      const client = await HandClient.begin(server.url);
      clients.push(client);
      await client.hears(({ received }) => received === 1, "the assistant");
      // Their first token is one of the past: they have acknowledged since.
      used.set(client, client.token ?? "");
      await client.cut();
      await client.resume();
    }
    // Half of them are there, half are waited for.
    for (const client of clients.slice(victims / 2)) await client.cut();
    await until(() => server.counters.suspended === victims / 2, "half being suspended");
    const before = server.counters;
    const thief = new Thief(dice, clients, used);
    const attempt = async (): Promise<void> => {
      const socket = await HandSocket.open(server.url);
      socket.say({ t: "hello", v: 1, ...thief.guess() });
      const { code } = await socket.ended(10_000);
      if (code !== 4501 || socket.heard.length > 0) problems.push(`A thief was told ${JSON.stringify(socket.heard)}.`);
    };
    let asked = 0;
    while (asked < count && !signal.aborted && problems.length < 5) {
      const batch = Math.min(atOnce, count - asked);
      await Promise.all(Array.from({ length: batch }, attempt));
      asked += batch;
    }
    const { resumed, refused, sessions, suspended } = server.counters;
    const stolen = resumed - before.resumed;
    if (stolen > 0 || refused.token !== asked) problems.push(`${stolen} resumed, ${refused.token} refused.`);
    if (sessions !== victims || suspended !== victims / 2)
      problems.push(`${sessions} sessions, ${suspended} suspended.`);
    // The owners have noticed nothing.
    const disturbed = clients.slice(0, victims / 2).filter(({ socket }) => socket.ending !== undefined).length;
    if (disturbed > 0) problems.push(`${disturbed} owners lost their connection.`);
    for (const client of clients) await client.resume();
    return {
      passed: problems.length === 0,
      figures: [
        `${asked.toLocaleString("en")} wrong tokens: ${stolen} resumes, ${disturbed} owners disturbed`,
        `afterwards all ${clients.length} owners came back to their sessions`,
      ],
      problems,
    };
  } finally {
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    await server.close({ graceMs: 0 });
  }
}
