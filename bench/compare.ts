/** One way of doing the work. */
export interface Contender {
  readonly name: string;
  /** Builds what is measured; what it returns does the work, and that alone is timed. */
  prepare(): Promise<() => Promise<number>>;
}

export interface CompareOptions {
  /** How often each contender runs. Default 15. */
  readonly rounds?: number;
}

/**
 * Runs the contenders in turn, round after round, so that whatever else the machine does hits all of them alike, and
 * prints operations per second and the ratio to the first contender: the median, and the range of the middle half.
 */
export async function compare(title: string, contenders: readonly Contender[], options: CompareOptions = {}) {
  const { rounds = 15 } = options;
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (const { prepare } of contenders) await (await prepare())();
  for (let round = 0; round < rounds; round++) {
    for (const { name, prepare } of contenders) {
      const run = await prepare();
      const begin = performance.now();
      const operations = await run();
      rates.get(name)?.push((operations / (performance.now() - begin)) * 1_000);
    }
  }
  console.log(`\n${title} (${rounds} rounds)`);
  const base = rates.get(contenders[0]?.name ?? "") ?? [];
  for (const { name } of contenders) {
    const own = rates.get(name) ?? [];
    const ratios = own.map((rate, round) => rate / (base[round] ?? rate));
    console.log(
      `  ${name.padEnd(44)} ${format(quantile(own, 0.5)).padStart(12)}/s   x ${quantile(ratios, 0.5).toFixed(2)}` +
        `  (${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)})`,
    );
  }
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function format(rate: number): string {
  return Math.round(rate).toLocaleString("en-US");
}
