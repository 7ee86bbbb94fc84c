import { isDeepStrictEqual } from "node:util";
import type { Growth } from "./growth.ts";

export type Part = "local sessions" | "tasks" | "remote sessions" | "remote traffic";

/** What one load has left behind. */
export interface Report {
  readonly part: Part;
  readonly measured: number;
  readonly growth: Growth;
  /** What is open in the load, after its warm-up and after all. */
  readonly census: { readonly before: unknown; readonly after: unknown };
  readonly alive: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
  /** What is open in the process, before the load began and after it has ended. */
  readonly openBefore: unknown;
  readonly openAfter: unknown;
}

/**
 * What still counts as flat.
 *
 * Objects can be counted, and code that is compiled or caches that are filled are none: one that is kept by every
 * twentieth item is a leak. Bytes are there for what is no object: text, buffers, tables. The engine's own steps, code
 * for the most part, are below 150,000 bytes in a window, however many items it has.
 */
export function flatFor(measured: number): { readonly bytes: number; readonly objects: number } {
  return { bytes: 150_000 / measured, objects: 0.05 };
}

/** A sentence for everything that is wrong; none when nothing is left behind. */
export function faultsOf({ measured, growth, census, alive, errors, openBefore, openAfter }: Report): string[] {
  const flat = flatFor(measured);
  const faults: string[] = [];
  if (growth.objects > flat.objects) faults.push(`Each item leaves ${growth.objects.toFixed(3)} objects behind.`);
  if (growth.bytes > flat.bytes) faults.push(`Each item leaves ${growth.bytes.toFixed(0)} bytes behind.`);
  for (const [kind, count] of Object.entries(alive)) faults.push(`${count} of these are still there: ${kind}.`);
  for (const [what, { before, after }] of Object.entries({
    load: census,
    process: { before: openBefore, after: openAfter },
  })) {
    if (isDeepStrictEqual(before, after)) continue;
    faults.push(`In the ${what} this was open before: ${JSON.stringify(before)}, and after: ${JSON.stringify(after)}.`);
  }
  if (errors.length > 0) faults.push(`${errors.length} errors, the first: ${errors[0]}.`);
  return faults;
}
