import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { chooseModel } from "../support/choose-model.ts";
import { readFlags, readPort, runProgram, UsageError } from "../support/program.ts";
import { chromiumMissing, findChromium } from "./chromium.ts";
import { offlinePageModel } from "./offline-page-model.ts";
import { pageAssistantSession } from "./page-assistant.ts";
import { pageFiles } from "./page-files.ts";
import { PageServer } from "./page-server.ts";
import { sayInPage } from "./say-in-page.ts";

const help = `Serves a web page with an agent in it, and the assistant that it talks to. The assistant's tools ask the agent in
the page to do things there.

Usage: npm run example:browser -- [--say TEXT]... [--model PROVIDER/NAME] [--port NUMBER]

  --say TEXT             open the page in a Chromium without a window, say this in it, and tell what came of it;
                         repeat it for a whole conversation
  --model PROVIDER/NAME  an AI SDK provider that is installed, as in openai/gpt-4.1-mini, or offline
                         (with OPENAI_API_KEY or OPENAI_BASE_URL: that API; else offline)
  --port NUMBER          0 picks a free one (0)
  --verbose              errors in full
  --help                 this text

Without --say it prints the URL of the page and serves it until Ctrl-C.
Environment: CHROMIUM is the path of the browser for --say, where it is not on the PATH.
`;

await runProgram(async (args) => {
  const flags = readFlags(
    {
      say: { type: "string", multiple: true },
      model: { type: "string" },
      port: { type: "string", default: "0" },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
    args,
  );
  if (flags.help) {
    process.stdout.write(help);
    return 0;
  }
  const { model, description } = await chooseModel({
    wanted: flags.model,
    env: process.env,
    offline: offlinePageModel,
  });
  const chromium = findChromium();
  if (flags.say !== undefined && chromium === undefined) throw new UsageError(chromiumMissing);

  const files = await pageFiles();
  await using server = await PageServer.listen({
    files,
    port: readPort(flags.port),
    setup: pageAssistantSession(model),
  });
  server.agents.on("error", ({ error }) => console.error(flags.verbose ? error : `Error: ${error.message}`));
  console.error(`Model: ${description}`);
  console.error(`The page's script is ${sizeOf(files["/page.js"]?.text ?? "")}.`);
  if (flags.say === undefined || chromium === undefined) {
    const stopped = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
    console.log(`Open ${server.url}`);
    await stopped;
    return 0;
  }
  const print = (line: string) => console.log(line);
  const failures = await sayInPage({ chromium, url: server.url, say: flags.say, print });
  return failures === 0 ? 0 : 1;
});

function sizeOf(script: string): string {
  const kilobytes = (bytes: number) => `${Math.ceil(bytes / 1_000)} kB`;
  return `${kilobytes(Buffer.byteLength(script))}, compressed ${kilobytes(gzipSync(script).length)}`;
}
