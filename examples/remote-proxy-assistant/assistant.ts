import { BusFrameMessage, TrunklineError } from "trunkline";
import { type AgentServer, serveAgents } from "trunkline/server";
import { chooseModel } from "../support/choose-model.ts";
import { readFlags, readPort, runProgram, UsageError } from "../support/program.ts";
import { AcmeAssistant, offlineAcmeModel } from "./acme-assistant.ts";

const help = `Serves Acme's assistant: every connection is a conversation of its own.

Usage: assistant.ts [--host ADDRESS] [--port NUMBER] [--model PROVIDER/NAME]

  --host ADDRESS         where to listen            (127.0.0.1: this machine only)
  --port NUMBER          0 picks a free one         (8765)
  --or-any-port          take a free port where that one is in use
  --model PROVIDER/NAME  an AI SDK provider that is installed, as in openai/gpt-4.1-mini, or offline
                         (with OPENAI_API_KEY or OPENAI_BASE_URL: that API; else offline)
  --quiet                do not log what goes wrong in a conversation; its user is told
  --verbose              errors in full
  --help                 this text

Environment: OPENAI_API_KEY, OPENAI_BASE_URL (any server that speaks that API), OPENAI_MODEL.
`;

await runProgram(async (args) => {
  const flags = readFlags(
    {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8765" },
      "or-any-port": { type: "boolean", default: false },
      model: { type: "string" },
      quiet: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
    args,
  );
  if (flags.help) {
    process.stdout.write(help);
    return 0;
  }
  if (flags.host === "") throw new UsageError("--host wants an address, as 127.0.0.1, or 0.0.0.0 for every network.");
  const { model, description } = await chooseModel({
    wanted: flags.model,
    env: process.env,
    offline: offlineAcmeModel,
  });

  const serve = (port: number) =>
    // Nobody sits before a terminal for the two minutes that a session waits for its client by default.
    serveAgents({ host: flags.host, port, link: { windowMs: 3_000 } }, async (session) => {
      const proxy = session.proxy({
        agentName: "assistant",
        remoteAgentName: "acme",
        forwardMessages: [BusFrameMessage],
      });
      await session.runner.addAgent(proxy);
      await session.runner.addAgent(new AcmeAssistant("assistant", { bus: session.runner.bus, model }));
    });
  const server = await listen(serve, readPort(flags.port), flags["or-any-port"]);
  server.on("error", ({ error }) => {
    if (!flags.quiet) console.error(flags.verbose ? error : `Error: ${error.message}`);
  });
  console.error(`Model: ${description}`);
  console.error(`The assistant listens on ${server.url}`);
  // For a parent process, where there is one.
  process.send?.({ url: server.url });

  await stopped();
  await server.close({ graceMs: 300 });
  return 0;
});

async function listen(
  serve: (port: number) => Promise<AgentServer>,
  port: number,
  orAnyPort: boolean,
): Promise<AgentServer> {
  try {
    return await serve(port);
  } catch (error) {
    if (orAnyPort && error instanceof TrunklineError && error.code === "TL_PORT_IN_USE") return serve(0);
    throw error;
  }
}

/** Resolves on Ctrl-C, on SIGTERM, and when the process that started this one is gone. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    process.once("disconnect", () => resolve());
  });
}
