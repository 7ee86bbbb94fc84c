import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { readFlags, readPort, runProgram } from "../support/program.ts";
import { converse } from "./converse.ts";

const help = `A conversation with Acme's assistant. It runs in a process of its own, on a bus of its own, and this program talks
to it through a WebSocket: the system of the examples main.ts and assistant.ts, started with one command.

Usage: npm start -- [--say TEXT]... [--model PROVIDER/NAME] [--port NUMBER]

  --say TEXT             say this and print the answer; repeat it for a whole conversation
  --model PROVIDER/NAME  an AI SDK provider that is installed, as in openai/gpt-4.1-mini, or offline
                         (with OPENAI_API_KEY or OPENAI_BASE_URL: that API; else offline)
  --port NUMBER          the assistant's port on this machine (8765, or a free one)
  --verbose              errors in full
  --help                 this text

Without --say, lines are read: in a terminal as a chat, which Ctrl-C ends, and from a pipe until it ends.
The assistant's words go to stdout, everything else to stderr. The exit code is 0 if all went well.
`;

// It takes itself less time than this; only one that hangs is killed.
const stopTimeoutMs = 1_500;

await runProgram(async (args) => {
  const flags = readFlags(
    {
      say: { type: "string", multiple: true },
      model: { type: "string" },
      port: { type: "string" },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
    args,
  );
  if (flags.help) {
    process.stdout.write(help);
    return 0;
  }
  const assistant = startAssistant([
    ...(flags.port === undefined ? ["--port", "8765", "--or-any-port"] : ["--port", String(readPort(flags.port))]),
    ...(flags.model === undefined ? [] : ["--model", flags.model]),
    // What goes wrong in the conversation is said once, by this program.
    flags.verbose ? "--verbose" : "--quiet",
  ]);
  try {
    const url = await listening(assistant);
    if (url !== undefined) return await converse({ url, say: flags.say, verbose: flags.verbose });
    return assistant.exitCode || 1;
  } finally {
    await stop(assistant);
  }
});

/** The assistant's own program; what it logs goes to stderr. */
function startAssistant(args: readonly string[]): ChildProcess {
  const program = fileURLToPath(new URL("./assistant.ts", import.meta.url));
  return fork(program, args, { stdio: ["ignore", 2, "inherit", "ipc"] });
}

/** Where it listens; undefined if it could not, which it has said itself. */
async function listening(assistant: ChildProcess): Promise<string | undefined> {
  const [message] = await Promise.race([once(assistant, "message"), once(assistant, "exit").then(() => [undefined])]);
  return (message as { readonly url: string } | undefined)?.url;
}

async function stop(assistant: ChildProcess): Promise<void> {
  if (assistant.exitCode !== null || assistant.signalCode !== null) return;
  const exited = once(assistant, "exit");
  if (assistant.connected) assistant.disconnect();
  const late = setTimeout(() => assistant.kill("SIGKILL"), stopTimeoutMs);
  await exited;
  clearTimeout(late);
}
