import { readdirSync } from "node:fs";
import type { Proof } from "./proof.ts";

interface ProofModule {
  readonly proof?: Proof;
  readonly proofs?: readonly Proof[];
}

/** All proofs, in the order of their numbers: what the files `p01-….ts` beside this one export. */
export async function allProofs(): Promise<readonly Proof[]> {
  const here = new URL(".", import.meta.url);
  const files = readdirSync(here).filter((file) => /^p\d\d-.*\.ts$/.test(file) && !file.endsWith(".test.ts"));
  const modules = await Promise.all(files.sort().map((file) => import(new URL(file, here).href)));
  const proofs = (modules as ProofModule[]).flatMap(({ proof, proofs = [] }) => (proof ? [proof, ...proofs] : proofs));
  const names = proofs.map(nameOf);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw new Error(`Two proofs have the name "${double}".`);
  return proofs;
}

export function nameOf({ id, title }: Pick<Proof, "id" | "title">): string {
  return `${id} ${title}`;
}
