import { AgentRunner, BusFrameMessage, type TrunklineError, WebSocketProxyClientAgent } from "trunkline";
import { TerminalTransport } from "../support/terminal-transport.ts";
import { AcmeAgent } from "./acme-agent.ts";

export interface ConverseOptions {
  /** Where the assistant listens. */
  readonly url: string;
  /** What to say, instead of what is typed. */
  readonly say: readonly string[] | undefined;
  /** Errors in full. */
  readonly verbose: boolean;
}

/** Runs the user's side until the conversation is over; returns the exit code. */
export async function converse({ url, say, verbose }: ConverseOptions): Promise<number> {
  const transport = new TerminalTransport({ say, input: process.stdin, output: process.stdout });
  const runner = new AgentRunner();
  let failures = 0;
  const fail = (error: Error) => {
    failures += 1;
    // A person may go on after a failure; a script ends with its first, and what follows from that is not news.
    if (failures > 1 && !transport.interactive && !verbose) return;
    transport.aside(() => console.error(verbose ? error : `Error: ${error.message}`));
    if (transport.interactive) transport.giveTurn();
    else transport.leave();
  };
  runner.on("error", (error: TrunklineError) => fail(error));

  await runner.addAgent(new AcmeAgent("acme", { bus: runner.bus, transport }));
  const proxy = new WebSocketProxyClientAgent("proxy", {
    bus: runner.bus,
    url,
    localAgentName: "acme",
    remoteAgentName: "assistant",
    forwardMessages: [BusFrameMessage],
    link: { connectAttempts: 1 },
  });
  proxy.on("connectFailed", async ({ error, retryInMs }) => {
    // While a session waits for its next connection it is tried again and again.
    if (retryInMs !== undefined) return;
    transport.close();
    fail(error);
    await runner.cancel("no connection");
  });
  const tell = (news: string) => transport.aside(() => console.error(news));
  proxy.on("interrupted", () => tell("The connection to the assistant is gone. Waiting for it to come back."));
  proxy.on("resumed", () => tell("The connection to the assistant is back."));
  proxy.on("disconnected", async ({ clean, code, reason }) => {
    transport.close();
    if (!clean) fail(new Error(lostMessage(code, reason)));
    await runner.end("the assistant has left");
  });
  await runner.addAgent(proxy);

  if (transport.interactive) console.error('Type what you want to say. "Goodbye" or Ctrl-C ends the conversation.\n');
  try {
    await runner.run();
  } finally {
    transport.close();
  }
  return failures === 0 ? 0 : 1;
}

function lostMessage(code: number, reason: string): string {
  return `The assistant was lost in the middle of the conversation (code ${code}: ${reason || "no reason given"}).`;
}
