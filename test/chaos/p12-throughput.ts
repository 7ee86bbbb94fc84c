import { type LinkMode, OneWayLink } from "./one-way-link.ts";
import type { Outcome, ProofContext } from "./proof.ts";

const messageBytes = 1_024;
const leastRatio = 0.85;
const mostExtraFrames = 0.02;

export interface Rounds {
  readonly rounds: number;
  readonly messages: number;
  /** Whether a pace that is too low fails it. */
  readonly timed: boolean;
}

interface Measured {
  readonly perSecond: number;
  /** Processor time, in microseconds a message, of both ends. */
  readonly cpuUs: number;
  readonly framesPerMessage: number;
}

/** The same messages in both modes, round after round, so that whatever else the machine does hits both alike. */
export async function compareModes({ signal }: ProofContext, { rounds, messages, timed }: Rounds): Promise<Outcome> {
  for (const mode of ["plain", "resume"] as const) await measure(mode, messages);
  const seen: { readonly plain: Measured; readonly resume: Measured }[] = [];
  while (seen.length < rounds && !signal.aborted) {
    // Whoever is first is so in every other round only.
    if (seen.length % 2 === 0) {
      const plain = await measure("plain", messages);
      seen.push({ plain, resume: await measure("resume", messages) });
    } else {
      const resume = await measure("resume", messages);
      seen.push({ resume, plain: await measure("plain", messages) });
    }
  }
  const pace = seen.map(({ plain, resume }) => resume.perSecond / plain.perSecond);
  const work = seen.map(({ plain, resume }) => resume.cpuUs / plain.cpuUs);
  const extra = Math.max(...seen.map(({ plain, resume }) => resume.framesPerMessage / plain.framesPerMessage - 1));
  const problems: string[] = [];
  if (timed && !(quantile(pace, 0.5) >= leastRatio))
    problems.push(`The pace is ${spread(pace)} of that in plain mode.`);
  if (!(extra <= mostExtraFrames)) problems.push(`There are ${(extra * 100).toFixed(2)} % more frames.`);
  const perSecond = (mode: LinkMode) => {
    const paces = seen.map((measured) => measured[mode].perSecond);
    return Math.round(quantile(paces, 0.5)).toLocaleString("en");
  };
  return {
    passed: problems.length === 0,
    figures: [
      `${rounds} rounds of ${messages.toLocaleString("en")} messages of 1 KiB`,
      `plain ${perSecond("plain")}/s, resume ${perSecond("resume")}/s: ${spread(pace)}`,
      `processor time ${spread(work)}`,
      `${(extra * 100).toFixed(2)} % more frames`,
    ],
    problems,
  };
}

async function measure(mode: LinkMode, messages: number): Promise<Measured> {
  await using pair = await OneWayLink.open(mode);
  await pair.send(500, messageBytes);
  const framesBefore = pair.frames;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await pair.send(messages, messageBytes);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  // What is acknowledged in the end belongs to it.
  if (mode === "resume") await new Promise((resolve) => setTimeout(resolve, 250));
  return {
    perSecond: messages / seconds,
    cpuUs: (user + system) / messages,
    framesPerMessage: (pair.frames - framesBefore) / messages,
  };
}

/** The median, and the range of the middle half. */
function spread(ratios: readonly number[]): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(ratios, q).toFixed(2));
  return `x ${middle} (${low} to ${high})`;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
