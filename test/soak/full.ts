/** The whole of it: `npm run test:soak`. Ends with exit code 1 when anything is left behind. */
import { faultsOf, type Part } from "./report.ts";
import { runSoak, type SoakCounts } from "./run-soak.ts";

const full: Readonly<Record<Part, SoakCounts>> = {
  "local sessions": { warmUp: 5_000, measured: 5_000 },
  tasks: { warmUp: 5_000, measured: 5_000 },
  "remote sessions": { warmUp: 400, measured: 600 },
  "remote traffic": { warmUp: 2_500, measured: 2_500 },
};

async function soak(part: Part): Promise<void> {
  const startedAt = performance.now();
  const report = await runSoak(part, full[part]);
  const { bytes, objects, windows } = report.growth;
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const grew = `${bytes.toFixed(0)} bytes and ${objects.toFixed(3)} objects an item`;
  console.log(`${part}: ${grew}, measured ${windows === 1 ? "once" : `${windows} times`}, in ${seconds} s`);
  const faults = faultsOf(report);
  for (const fault of faults) console.error(`  ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}

// Two at a time, each in a process of its own.
await Promise.all([
  soak("local sessions").then(() => soak("remote traffic")),
  soak("tasks").then(() => soak("remote sessions")),
]);
