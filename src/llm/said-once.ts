const maxRemembered = 256;

/** Remembers what was reported, so that the same is not said again with every answer. */
export class SaidOnce {
  #said = new Set<string>();

  /** Those that were not said yet; from now on they were. */
  fresh(sentences: readonly string[]): readonly string[] {
    if (sentences.length === 0) return sentences;
    const fresh = [...new Set(sentences)].filter((sentence) => !this.#said.has(sentence));
    for (const sentence of fresh) this.#said.add(sentence);
    // Rather say something again than remember all that a long conversation brings.
    if (this.#said.size > maxRemembered) this.#said = new Set(sentences.slice(-maxRemembered));
    return fresh;
  }
}

const maxSentences = 10;

/** As one text; the first ones, where there are many. */
export function sentences(all: readonly string[]): string {
  const more = all.length > maxSentences ? [`And ${all.length - maxSentences} more.`] : [];
  return [...all.slice(0, maxSentences), ...more].join(" ");
}
