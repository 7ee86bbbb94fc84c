import { AgentRunner } from "trunkline";
import type { LanguageModel } from "trunkline/llm";
import { chooseModel } from "../support/choose-model.ts";
import { conversationFlags, conversationHelp, runConversation } from "../support/conversation.ts";
import { offlineModel } from "../support/offline-model.ts";
import { readFlags, runProgram } from "../support/program.ts";
import { TerminalTransport } from "../support/terminal-transport.ts";
import { Debater } from "./debater.ts";
import { debaters } from "./debaters.ts";
import { Moderator } from "./moderator.ts";
import { offlineModerator } from "./offline-moderator.ts";

const help = `A moderator who has three agents answer a question at the same time, and sums up what they said.

Usage: npm run example:debate -- [--say TEXT]... [--model PROVIDER/NAME]

${conversationHelp}
Without --say, lines are read: in a terminal as a chat, which Ctrl-C ends, and from a pipe until it ends.
What is said goes to stdout, everything else to stderr. The exit code is 0 if all went well, and 130 if Ctrl-C came in
the middle of a debate.
`;

await runProgram(async (args) => {
  const flags = readFlags(conversationFlags, args);
  if (flags.help) {
    process.stdout.write(help);
    return 0;
  }
  const choose = (offline: () => LanguageModel) => chooseModel({ wanted: flags.model, env: process.env, offline });
  const { model, description } = await choose(offlineModerator);
  console.error(`Model: ${description}`);

  const { stdin: input, stdout: output } = process;
  const transport = new TerminalTransport({ say: flags.say, input, output, userBegins: true });
  const runner = new AgentRunner();
  const { bus } = runner;
  const names = debaters.map(({ name }) => name);
  const moderator = new Moderator("moderator", { bus, model, transport, debaters: names });
  await runner.addAgent(moderator);
  for (const { name, stance, offline } of debaters) {
    const { model } = await choose(() => offlineModel(offline));
    await runner.addAgent(new Debater(name, { bus, model, stance }));
  }
  const atWork = () => moderator.taskGroups.size > 0;
  return runConversation({ runner, transport, verbose: flags.verbose, dispensable: names, atWork });
});
