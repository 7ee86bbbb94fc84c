/**
 * Performs one proof and tells its parent: `node … run-proof.ts "<id and title>" <scale> <seed>`. That the process
 * ends by itself afterwards shows that the proof leaves nothing open.
 */
import type { Performance } from "./perform.ts";
import { perform } from "./perform.ts";
import type { Scale } from "./proof.ts";
import { allProofs, nameOf } from "./proofs.ts";

/** What this program says to its parent. */
export type Word = { readonly note: string } | { readonly result: Performance };

const [name, scale, seed] = process.argv.slice(2) as [string, Scale, string];
const proof = (await allProofs()).find((candidate) => nameOf(candidate) === name);
if (proof === undefined) throw new Error(`There is no proof "${name}".`);
const abort = new AbortController();
process.once("message", () => abort.abort(new Error("the run was stopped")));
const say = (word: Word): void => void process.send?.(word);
const note = (line: string): void => say({ note: line });
say({ result: await perform(proof, { scale, seed: Number(seed), signal: abort.signal, note }) });
process.disconnect();
