/** Makes whole sentences of text that comes in pieces. */
export class Sentences {
  readonly #onSentence: (sentence: string) => void;
  #rest = "";

  constructor(onSentence: (sentence: string) => void) {
    this.#onSentence = onSentence;
  }

  add(text: string): void {
    const parts = (this.#rest + text).split(/(?<=[.!?]["”']?)\s+/);
    this.#rest = parts.pop() ?? "";
    for (const sentence of parts) this.#onSentence(sentence);
  }

  /** What is left is a sentence too. */
  end(): void {
    const rest = this.#rest.trim();
    this.#rest = "";
    if (rest !== "") this.#onSentence(rest);
  }
}
