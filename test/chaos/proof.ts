/** How much of a proof is run: with every test run, before a release, or for as long as it takes to find the rare. */
export type Scale = "small" | "full" | "soak";

export interface ProofContext {
  readonly scale: Scale;
  /** What the whole run was started with; it is what repeats it. */
  readonly seed: number;
  /** From 0 up to 1; the same numbers for the same seed and the same proof, whatever else is run. */
  readonly random: () => number;
  /** Fires when the run is stopped or has taken too long. */
  readonly signal: AbortSignal;
  /** One line for whoever watches; it is in no table. */
  note(line: string): void;
}

export interface Outcome {
  readonly passed: boolean;
  /** Short measured facts for a table cell: `200,000 messages each way`, `0 lost`. */
  readonly figures: readonly string[];
  /** A sentence for each thing that is not as promised. */
  readonly problems?: readonly string[];
}

export interface Proof {
  /** The number in the table of issue 5, `P1` to `P12`. Several proofs may be parts of one number. */
  readonly id: `P${number}`;
  /** What is shown, in words; no two proofs have the same. */
  readonly title: string;
  /** Why it cannot be run here; undefined when it can. */
  unavailable?(): string | undefined | Promise<string | undefined>;
  /** May throw: that is a proof which did not pass. */
  run(context: ProofContext): Promise<Outcome>;
}
