import type { OfflineModelOptions } from "../support/offline-model.ts";

/** Who debates: a name, a stance, and what the offline model says in its place. */
export interface DebaterRole {
  readonly name: string;
  readonly stance: string;
  readonly offline: OfflineModelOptions;
}

const silent = "I have nothing to say to that.";

export const debaters: readonly DebaterRole[] = [
  {
    name: "optimist",
    stance: "You see what can be won.",
    offline: {
      rules: [
        {
          when: /.+/s,
          say: ([question]) => `"${question}" With all my heart, yes. Little can go wrong. Much can be won by trying.`,
        },
      ],
      otherwise: silent,
      wordDelayMs: 40,
    },
  },
  {
    name: "skeptic",
    stance: "You doubt, and ask for proof.",
    offline: {
      rules: [{ when: /./, say: ["I doubt it. Where has it worked before? Show me who would pay for it."] }],
      otherwise: silent,
      wordDelayMs: 55,
    },
  },
  {
    name: "historian",
    stance: "You know how it went when others tried.",
    offline: {
      rules: [
        { when: /./, say: ["The old Egyptians tried it. It went well for three thousand years. Then it ended."] },
      ],
      otherwise: silent,
      wordDelayMs: 70,
    },
  },
];
