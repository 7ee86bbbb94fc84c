import type { NumberedEnd } from "./numbered-end.ts";

/** What there is to know of an end by somebody in another process. */
export interface EndReport {
  readonly state: string;
  readonly isConnected: boolean;
  readonly isProducing: boolean;
  readonly sent: number;
  /** How many of the other end's have come, and how far they go; of those up to there, how many did not. */
  readonly received: number;
  readonly highest: number;
  readonly missing: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  readonly damaged: number;
  readonly interrupted: number;
  readonly resumed: number;
  readonly replayed: number;
  readonly refused: number;
  readonly complaints: readonly string[];
  readonly endings: readonly { readonly isWrong: boolean; readonly story: string }[];
}

export function reportOf(end: NumberedEnd, isProducing: boolean): EndReport {
  const { sender, receiver, isConnected, interrupted, resumed, replayed, refused, complaints } = end;
  const { received, highest, doubled, outOfOrder, damaged } = receiver;
  return {
    state: end.link.state,
    isProducing,
    sent: sender.sent,
    missing: receiver.lost(highest),
    ...{ received, highest, doubled, outOfOrder, damaged },
    ...{ isConnected, interrupted, resumed, replayed, refused, complaints },
    endings: end.endings.map(({ code, reason, clean, lost, unacknowledged }) => ({
      isWrong: !clean || unacknowledged > 0,
      story: JSON.stringify({ code, reason, clean, lost, unacknowledged }),
    })),
  };
}
