import fc from "fast-check";

/** What happens next in a conversation. */
export type Happening =
  | { readonly kind: "say" | "startSpeaking" | "hear" | "stopSpeaking" | "interrupt" | "bargeIn" }
  /** Lets the waiting tools and answers go on that are this many from the oldest. */
  | { readonly kind: "letGo"; readonly which: number }
  | { readonly kind: "handOff"; readonly lastWords: boolean }
  | { readonly kind: "pass"; readonly turns: number };

/** What a model does in one answer. */
export type Part = "word" | "wait" | "steady" | "quick" | "instant" | "transfer" | "farewell" | "lead" | "leadLater";

export interface Play {
  readonly happenings: readonly Happening[];
  readonly answers: readonly (readonly Part[])[];
}

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "say" as const,
        "say" as const,
        "startSpeaking" as const,
        "hear" as const,
        "stopSpeaking" as const,
        "interrupt" as const,
        "bargeIn" as const,
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("letGo" as const), which: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("handOff" as const), lastWords: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("pass" as const), turns: fc.integer({ min: 1, max: 6 }) }) },
);

const part: fc.Arbitrary<Part> = fc.constantFrom(
  "word",
  "word",
  "word",
  "wait",
  "steady",
  "quick",
  "instant",
  "transfer",
  "farewell",
  "lead",
  "leadLater",
);

export const plays: fc.Arbitrary<Play> = fc.record({
  happenings: fc.array(happening, { minLength: 1, maxLength: 14 }),
  answers: fc.array(fc.array(part, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
});
