/** A program that knows nothing of who watches it. */
import { type AgentBus, AgentRunner, BaseAgent, LocalBus, Pipeline } from "trunkline";

class SayingBus extends LocalBus {
  override async start() {
    console.log("bus started");
    await super.start();
  }
}
class Piped extends BaseAgent {
  constructor(name: string, bus: AgentBus) {
    super(name, { bus });
  }
  override buildPipeline() {
    return new Pipeline([]);
  }
}

const runner = new AgentRunner({ name: "observed", bus: new SayingBus() });
const plain = new BaseAgent("plain", { bus: runner.bus });
await runner.addAgent(plain);
await runner.addAgent(new Piped("piped", runner.bus));
runner.on("ready", () => plain.end());
try {
  await runner.run();
  console.log("ended");
} catch (error) {
  console.log((error as { code?: string }).code, (error as Error).message);
}
console.log("left:", runner.bus.subscriptions.map(({ name }) => name).join() || "nobody");
