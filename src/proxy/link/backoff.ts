/**
 * How long to wait after the given number of failures in a row: 100 ms, and a random part that may grow to 30 s so
 * that those who lost the same server do not all come back at once.
 */
export function backoffDelayMs(failures: number, random: () => number): number {
  const exponent = Math.min(Math.max(failures - 1, 0), 16);
  return 100 + random() * Math.min(30_000, 1_000 * 2 ** exponent);
}
