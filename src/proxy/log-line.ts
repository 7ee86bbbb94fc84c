// Control characters, what has no width or turns the reading direction, line and paragraph ends, halves of pairs.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** How much of a text a line of a log gets. */
export const maxLogLength = 1_000;

/**
 * A text from anywhere as one line that is safe to print: it cannot begin a line of its own, move the cursor, hide or
 * reorder what stands beside it, and has an end.
 */
export function logLine(text: string, maxLength: number = maxLogLength): string {
  // Cut first: nobody should pay for escaping a megabyte. And again: what is escaped is longer.
  const line = text.slice(0, maxLength).replace(unprintable, escaped);
  if (text.length <= maxLength && line.length <= maxLength) return line;
  return `${line.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "")}…`;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
