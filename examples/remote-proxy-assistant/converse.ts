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
  let exitCode = 0;
  const fail = (error: Error) => {
    exitCode = 1;
    console.error(verbose ? error : `Error: ${error.message}`);
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
  proxy.on("connectFailed", async ({ error }) => {
    fail(error);
    await runner.cancel("no connection");
  });
  proxy.on("disconnected", async ({ clean, code, reason }) => {
    if (!clean)
      fail(
        new Error(
          `The assistant was lost in the middle of the conversation (code ${code}: ${reason || "no reason given"}).`,
        ),
      );
    await runner.end("the assistant has left");
  });
  await runner.addAgent(proxy);

  await runner.run();
  transport.close();
  return exitCode;
}
