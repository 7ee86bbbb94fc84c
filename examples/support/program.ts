import { type ParseArgsConfig, parseArgs } from "node:util";

/** A mistake of the person who started the program: one sentence, and how to do it right. */
export class UsageError extends Error {}

/** The flags of a program, checked. */
export function readFlags<O extends NonNullable<ParseArgsConfig["options"]>>(options: O, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message.split(". ")[0] : String(cause);
    throw new UsageError(`${problem}. --help shows what there is.`, { cause });
  }
}

/** @throws UsageError when it is not a port */
export function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port wants a number from 0 to 65535, not "${text}".`);
}

// What a program has opened and cannot close, as a model that does not heed a cancel, keeps it no longer than this.
const exitGraceMs = 500;

/**
 * Runs a program: a failure is one sentence on stderr and exit code 1, or 2 if the flags were wrong; with `--verbose`
 * all of it.
 */
export async function runProgram(main: (args: readonly string[]) => Promise<number>): Promise<void> {
  const args = process.argv.slice(2);
  try {
    process.exitCode = await main(args);
  } catch (error) {
    const verbose = args.includes("--verbose");
    console.error(verbose ? error : `Error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
  setTimeout(() => process.exit(), exitGraceMs).unref();
}
