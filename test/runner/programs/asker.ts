/** As `worker.ts`, but it asks: for work that never ends, and, when that has failed, to be told so. */
import { AgentRunner, BaseAgent, type TaskError } from "trunkline";
import { PipeBus } from "../pipe-bus.ts";

const bus = new PipeBus(process.stdin, process.stdout);
const runner = new AgentRunner({ name: "far", bus, heartbeatIntervalMs: Number(process.argv[2]) });
const asker = new BaseAgent("asker", { bus });
process.stdin.on("end", () => void runner.end("nobody listens"));
asker.on("ready", async () => {
  const failed = await asker.task("home", { name: "forever" }).catch((error: unknown) => ({ ...(error as TaskError) }));
  await asker.task("home", { name: "failed", payload: failed });
});
await runner.addAgent(asker);
await runner.run();
