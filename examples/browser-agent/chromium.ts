import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const commands = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const applications = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** What to do where there is none. */
export const chromiumMissing =
  "Chromium is not installed. On Debian: sudo apt-get install chromium. Chrome does as well; if it is not on the PATH, set CHROMIUM to its path.";

/** Where Chromium or Chrome is on this machine: what `CHROMIUM` says, or the first on the `PATH`. */
export function findChromium(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const { CHROMIUM, PATH = "" } = env;
  if (CHROMIUM) return existsSync(CHROMIUM) ? CHROMIUM : undefined;
  const folders = PATH.split(delimiter).filter((folder) => folder !== "");
  const onPath = commands.flatMap((command) => folders.map((folder) => join(folder, command)));
  const candidates = process.platform === "darwin" ? [...onPath, ...applications] : onPath;
  return candidates.find((path) => existsSync(path));
}

/** Starts it without a window, with a profile of its own in a temporary folder that goes with it. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      // Containers seldom allow a sandbox inside of them. What is opened is our own page and nothing else.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
