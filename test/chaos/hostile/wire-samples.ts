import type { WireDialect } from "../../../src/wire/index.ts";
import { captures, dialects, voiceFrames } from "../../wire/captures.ts";
import { fixtureFile } from "../../wire/fixtures.ts";

/** Messages as real peers write them, and the names that occur in them. */
export interface WireSamples {
  readonly dialect: WireDialect;
  readonly texts: readonly string[];
  readonly types: readonly string[];
}

/** All fixtures, by dialect. */
export function wireSamples(): readonly WireSamples[] {
  return dialects.map((dialect) => {
    const captured = [...captures, ...voiceFrames].filter((capture) => capture.dialect === dialect);
    const texts = [...captured, ...fixtureFile(dialect).fixtures].map(({ text }) => text);
    const types = texts.flatMap((text) => [...text.matchAll(/"__type__":\s*"([^"]+)"/g)].map(([, type = ""]) => type));
    return { dialect, texts, types: [...new Set(types)] };
  });
}
