import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The folder of package.json. */
export const root = fileURLToPath(new URL("..", import.meta.url));

export interface RunOptions {
  /** Where it runs. Default: the repository. */
  readonly cwd?: string | undefined;
  /** Killed, and failed, after this long. Default: 5 minutes. */
  readonly timeoutMs?: number | undefined;
  /** True: what it prints is returned instead of shown. Default: false. */
  readonly capture?: boolean | undefined;
}

/** Runs a program to its end and returns its output if captured; throws when it fails. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): string {
  const { cwd = root, timeoutMs = 300_000, capture = false } = options;
  const result = spawnSync(program, args, {
    cwd,
    timeout: timeoutMs,
    encoding: "utf8",
    stdio: ["ignore", capture ? "pipe" : "inherit", "inherit"],
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    if (capture) process.stdout.write(result.stdout);
    throw new Error(`${program} ${args.join(" ")} ended with ${result.status ?? result.signal}`);
  }
  return result.stdout ?? "";
}

/** Runs a JavaScript file of node_modules with this Node, which works where `.bin` holds no executables. */
export function runScript(file: string, args: readonly string[], options: RunOptions = {}): string {
  return run(process.execPath, [`${root}/node_modules/${file}`, ...args], options);
}

/** Runs npm, found through npm itself where it started this script, so that Windows needs no shell. */
export function runNpm(args: readonly string[], options: RunOptions = {}): string {
  const npm = process.env.npm_execpath;
  return npm ? run(process.execPath, [npm, ...args], options) : run("npm", args, options);
}
