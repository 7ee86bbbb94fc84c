/** A runner in a process of its own, on a bus that is its standard input and output. Ends when the input does. */
import { AgentRunner, BaseAgent } from "trunkline";
import { PipeBus } from "../pipe-bus.ts";

class Worker extends BaseAgent {
  override tasks = { echo: ({ payload }: { payload: unknown }) => payload, forever: () => new Promise<void>(() => {}) };
}

const runner = new AgentRunner({
  name: "far",
  bus: new PipeBus(process.stdin, process.stdout),
  heartbeatIntervalMs: Number(process.argv[2]),
});
process.stdin.on("end", () => void runner.end("nobody listens"));
await runner.addAgent(new Worker("worker", { bus: runner.bus }));
await runner.run();
