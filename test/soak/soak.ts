/**
 * Does one load in this process and writes what is left of it to its output, as one line of JSON:
 * `node --expose-gc soak.ts tasks 5000 5000`. With a further argument it keeps a small object of every item, to show
 * that such a leak is found.
 */
import { collected, growthOf } from "./growth.ts";
import { type Load, processCensus, work } from "./load.ts";
import { LocalSessions } from "./local-sessions.ts";
import { RemoteSessions } from "./remote-sessions.ts";
import { RemoteTraffic } from "./remote-traffic.ts";
import type { Report } from "./report.ts";
import { flatFor, type Part } from "./report.ts";
import { Tasks } from "./tasks.ts";

const loads: Readonly<Record<Part, () => Load>> = {
  "local sessions": () => new LocalSessions(),
  tasks: () => new Tasks(),
  "remote sessions": () => new RemoteSessions(),
  "remote traffic": () => new RemoteTraffic(),
};

const [part, warmUp, measured, planted] = process.argv.slice(2) as [Part, string, string, string?];
const kept: object[] = [];
// What runs TypeScript in this process still reads files and connects to its cache.
const isPassing = (resource: string) => /^(FSReq|Connect)/.test(resource);
while (process.getActiveResourcesInfo().some(isPassing)) await new Promise((resolve) => setImmediate(resolve));
const openBefore = processCensus();
const load = loads[part]();
await load.begin();
await work(load, 0, Number(warmUp));
await collected();
const before = load.census();
const growth = await growthOf({
  warmUp: 0,
  measured: Number(measured),
  samples: 6,
  flat: flatFor(Number(measured)),
  // What is planted is in every window.
  maxWindows: planted === undefined ? 6 : 1,
  work: async (from, to) => {
    await work(load, from, to);
    if (planted !== undefined) for (let index = from; index < to; index += 1) kept.push({ index, planted });
  },
});
await collected();
const report: Omit<Report, "openAfter"> = {
  part,
  measured: Number(measured),
  growth,
  census: { before, after: load.census() },
  alive: load.alive(),
  errors: load.errors.map(String),
  openBefore,
};
await load.end();
await collected();
process.stdout.write(`${JSON.stringify({ ...report, openAfter: processCensus(), kept: kept.length })}\n`);
