import { AgentError, type AgentRunner } from "trunkline";
import type { TerminalTransport } from "./terminal-transport.ts";

/** The flags of every program that one talks to. */
export const conversationFlags = {
  say: { type: "string", multiple: true },
  model: { type: "string" },
  verbose: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** What `--help` says of them. */
export const conversationHelp = `  --say TEXT             say this and print the answer; repeat it for a whole conversation
  --model PROVIDER/NAME  an AI SDK provider that is installed, as in openai/gpt-4.1-mini, or offline
                         (with OPENAI_API_KEY or OPENAI_BASE_URL: that API; else offline)
  --verbose              errors in full
  --help                 this text
`;

export interface ConversationOptions {
  readonly runner: AgentRunner;
  readonly transport: TerminalTransport;
  /** Errors in full. */
  readonly verbose: boolean;
  /** Agents that may fail without ending a script. Default: none. */
  readonly dispensable?: readonly string[] | undefined;
  /** Whether work is under way that Ctrl-C would break off. Default: there is none. */
  readonly atWork?: (() => boolean) | undefined;
}

interface Failure {
  readonly message: string;
  readonly agent: string | undefined;
}

// What shells say of a program that Ctrl-C has stopped.
const brokenOffExitCode = 130;

/**
 * Runs the agents until the conversation is over; returns the exit code: 0, 1 if something has failed, 130 if Ctrl-C has
 * broken off work.
 */
export async function runConversation(options: ConversationOptions): Promise<number> {
  const { runner, transport, verbose, dispensable = [], atWork = () => false } = options;
  let failures = 0;
  let leaving = false;
  let before: Failure | undefined;
  runner.on("error", (error) => {
    const failure = { message: error.message, agent: error instanceof AgentError ? error.agentName : undefined };
    // An error of an agent behind a bridge is told by the agent at the other end of it, too.
    const toldTwice = before?.message === failure.message && before.agent !== failure.agent;
    before = toldTwice ? undefined : failure;
    if (toldTwice) return;
    failures += 1;
    // A person may go on after a failure; a script ends with its first, and what follows from that is not news.
    if (leaving && !verbose) return;
    transport.aside(() => console.error(verbose ? error : `Error: ${error.message}`));
    if (failure.agent !== undefined && dispensable.includes(failure.agent)) return;
    leaving = !transport.interactive;
    if (leaving) transport.leave();
    else transport.giveTurn();
  });
  if (transport.interactive) console.error('Type what you want to say. "Goodbye" or Ctrl-C ends the conversation.\n');
  // The runner itself ends everything on Ctrl-C; here it is only noted when that came.
  let brokenOff = false;
  const note = () => {
    brokenOff ||= atWork();
  };
  process.on("SIGINT", note);
  try {
    await runner.run();
  } finally {
    process.off("SIGINT", note);
    transport.close();
  }
  if (brokenOff) return brokenOffExitCode;
  return failures === 0 ? 0 : 1;
}
