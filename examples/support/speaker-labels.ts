/** Plain is for pipes, where the words of a lone assistant stand without a name. */
export type LabelStyle = "plain" | "terminal" | "coloured";

const userColor = 32;
const speakerColors = [36, 35, 33, 34];

/** What stands before somebody's words: the name, in a colour of its own where there are colours. */
export class SpeakerLabels {
  readonly #style: LabelStyle;
  readonly #colors = new Map<string, number>();

  constructor(style: LabelStyle) {
    this.#style = style;
  }

  /** The user's, which is the prompt. */
  get ofUser(): string {
    return this.#label("you", userColor);
  }

  /** A speaker's; without a name it is the assistant. */
  of(speaker: string | undefined): string {
    if (this.#style === "plain") return speaker === undefined ? "" : `${speaker}: `;
    return this.#label(speaker ?? "assistant", this.#colorOf(speaker ?? "assistant"));
  }

  #label(name: string, color: number): string {
    return this.#style === "coloured" ? `\x1b[1;${color}m${name}>\x1b[0m ` : `${name}> `;
  }

  #colorOf(speaker: string): number {
    const color = this.#colors.get(speaker) ?? speakerColors[this.#colors.size % speakerColors.length] ?? 0;
    this.#colors.set(speaker, color);
    return color;
  }
}
