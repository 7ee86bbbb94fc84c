import { AgentRunner } from "trunkline";
import { chooseModel } from "../support/choose-model.ts";
import { conversationFlags, conversationHelp, runConversation } from "../support/conversation.ts";
import { readFlags, runProgram } from "../support/program.ts";
import { TerminalTransport } from "../support/terminal-transport.ts";
import { Director } from "./director.ts";
import { offlineDirector } from "./offline-director.ts";
import { Renderer } from "./renderer.ts";

const help = `A model that has a long job done by another agent, which tells how far it is and can be cancelled.

Usage: npm run example:progress -- [--say TEXT]... [--model PROVIDER/NAME]

${conversationHelp}
Without --say, lines are read: in a terminal as a chat, and from a pipe until it ends. While a job runs in a terminal,
c cancels it and the chat goes on. Ctrl-C ends everything.
The model's words go to stdout, everything else to stderr. The exit code is 0 if all went well, and 130 if Ctrl-C
came in the middle of a job.
`;

await runProgram(async (args) => {
  const flags = readFlags(conversationFlags, args);
  if (flags.help) {
    process.stdout.write(help);
    return 0;
  }
  const { model, description } = await chooseModel({
    wanted: flags.model,
    env: process.env,
    offline: offlineDirector,
  });
  console.error(`Model: ${description}`);

  const { stdin: input, stdout: output } = process;
  const transport = new TerminalTransport({ say: flags.say, input, output, userBegins: true });
  const runner = new AgentRunner();
  const { bus } = runner;
  const director = new Director("director", { bus, model, transport });
  await runner.addAgent(director);
  await runner.addAgent(new Renderer("renderer", { bus }));
  const atWork = () => director.taskGroups.size > 0;
  return runConversation({ runner, transport, verbose: flags.verbose, atWork });
});
