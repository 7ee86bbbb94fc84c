import { readFlags, runProgram } from "../support/program.ts";
import { converse } from "./converse.ts";

const help = `Talks to Acme's assistant, which runs somewhere else. Start it there first: see assistant.ts --help.

Usage: main.ts [--remote-agent-url URL] [--say TEXT]...

  --remote-agent-url URL  where the assistant listens (ws://localhost:8765/ws)
  --say TEXT              say this and print the answer; repeat it for a whole conversation
  --verbose               errors in full
  --help                  this text

Without --say, lines are read: in a terminal as a chat, from a pipe until it ends.
The assistant's words go to stdout, everything else to stderr.
`;

await runProgram(async (args) => {
  const flags = readFlags(
    {
      "remote-agent-url": { type: "string", default: "ws://localhost:8765/ws" },
      say: { type: "string", multiple: true },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
    args,
  );
  if (flags.help) {
    process.stdout.write(help);
    return 0;
  }
  return converse({ url: flags["remote-agent-url"], say: flags.say, verbose: flags.verbose });
});
