/**
 * One end of a link in a process of its own, which does as its parent says and reports all the while:
 * `end-program.ts <setting>`.
 */
import { seededRandom } from "../../src/faults/seeded-random.ts";
import { dial } from "../../src/proxy/dial.node.ts";
import { type LinkOptions, resumeProtocol, type Seat } from "../../src/proxy/link/index.ts";
import { DeskServer } from "./desk-server.ts";
import { Dice } from "./dice.ts";
import { type EndReport, reportOf } from "./end-report.ts";
import { NumberedEnd } from "./numbered-end.ts";

/** What it is started with, as JSON. */
export interface EndSetting {
  readonly link: LinkOptions;
  readonly seed: number;
}

/** What its parent says: what to be, where; to send so many a second while connected, that it is enough; to say goodbye. */
export type EndOrder =
  | { readonly listen: string }
  | { readonly connect: string }
  | { readonly perSecond: number }
  | "enough"
  | "close";

/** What it says: where its server listens, and how it is. */
export type EndWord = { readonly url: string } | EndReport;

const reportEveryMs = 10;
const maxMessageBytes = 64;

const { link, seed } = JSON.parse(process.argv[2] ?? "") as EndSetting;
const dice = new Dice(seededRandom(seed));
const options = { ...link, random: seededRandom(seed + 1) };
const ends: NumberedEnd[] = [];
const say = (word: EndWord): void => void process.send?.(word);

function begin(end: NumberedEnd): void {
  if (ends.push(end) > 1) ends[0]?.complaints.push("There is a second session.");
  end.link.open();
}

async function listen(host: string): Promise<void> {
  const onSeat = (seat: Seat) => begin(new NumberedEnd("server", seat, options));
  const { url } = await DeskServer.listen({ host, link: options, onSeat });
  say({ url });
}

function connect(url: string): void {
  const open = (signal: AbortSignal) => dial(url, { signal, protocols: [resumeProtocol] });
  begin(new NumberedEnd("client", { dial: open }, options));
}

let producing = 0;
let isEnough = false;

async function produce(perSecond: number): Promise<void> {
  const size = () => dice.between(12, maxMessageBytes);
  producing += 1;
  await ends[0]?.produce({ perSecond, pauses: true, size, more: () => !isEnough });
  producing -= 1;
}

process.on("message", (order: EndOrder) => {
  if (order === "close") void ends[0]?.link.close();
  else if (order === "enough") isEnough = true;
  else if ("listen" in order) void listen(order.listen);
  else if ("connect" in order) connect(order.connect);
  else void produce(order.perSecond);
});
// Nobody is left to be told.
process.once("disconnect", () => process.exit());

setInterval(() => {
  if (ends[0] !== undefined) say(reportOf(ends[0], producing > 0));
}, reportEveryMs);
