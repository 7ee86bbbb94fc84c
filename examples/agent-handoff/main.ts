import { AgentRunner } from "trunkline";
import { flowDiagram } from "trunkline/llm";
import { chooseModel } from "../support/choose-model.ts";
import { conversationFlags, conversationHelp, runConversation } from "../support/conversation.ts";
import { readFlags, runProgram } from "../support/program.ts";
import { TerminalTransport } from "../support/terminal-transport.ts";
import { FrontDoor } from "./front-door.ts";
import { Greeter } from "./greeter.ts";
import { offlineRestaurant } from "./offline-restaurant.ts";
import { reservationFlow } from "./reservation-flow.ts";
import { Reservations } from "./reservations.ts";

const help = `A restaurant with two agents: a greeter, and a colleague who takes reservations step by step. They hand one
conversation to each other.

Usage: npm run example:handoff -- [--say TEXT]... [--model PROVIDER/NAME]

  --diagram              print the steps of a reservation as a Mermaid diagram
${conversationHelp}
Without --say, lines are read: in a terminal as a chat, which Ctrl-C ends, and from a pipe until it ends.
The agents' words go to stdout, everything else to stderr. The exit code is 0 if all went well.
`;

await runProgram(async (args) => {
  const flags = readFlags({ ...conversationFlags, diagram: { type: "boolean", default: false } }, args);
  if (flags.help || flags.diagram) {
    process.stdout.write(flags.help ? help : flowDiagram(reservationFlow));
    return 0;
  }
  const { model, description } = await chooseModel({
    wanted: flags.model,
    env: process.env,
    offline: offlineRestaurant,
  });
  console.error(`Model: ${description}`);

  const transport = new TerminalTransport({ say: flags.say, input: process.stdin, output: process.stdout });
  const runner = new AgentRunner();
  const { bus } = runner;
  await runner.addAgent(new FrontDoor("restaurant", { bus, transport }));
  await runner.addAgent(new Greeter("greeter", { bus, model }));
  await runner.addAgent(new Reservations("reservations", { bus, model }));
  return runConversation({ runner, transport, verbose: flags.verbose });
});
