// Long enough that it is no accident when a text shares so many characters with a secret.
const sharedLength = 6;
// For a secret that is shorter than that, and no longer a secret below this.
const shortestSecret = 3;
const mark = "[…]";

/**
 * A text without what it quotes of the secrets: runs of six characters or more that stand in one of them, whole or in
 * part, in capitals or not; and short secrets where they stand as words.
 */
export function masked(text: string, secrets: Iterable<string>): string {
  const { pieces, words } = indexOf(secrets);
  const lower = lowered(text);
  const hidden = new Uint8Array(text.length);
  for (let at = 0; at + sharedLength <= lower.length; at++) {
    if (pieces.has(lower.slice(at, at + sharedLength))) hidden.fill(1, at, at + sharedLength);
  }
  for (const { 0: word, index } of lower.matchAll(/[\p{L}\p{N}]+/gu)) {
    if (words.has(word)) hidden.fill(1, index, index + word.length);
  }
  let shown = "";
  for (let at = 0; at < text.length; at++) {
    if (hidden[at] === 0) shown += text[at];
    else if (at === 0 || hidden[at - 1] === 0) shown += mark;
  }
  return shown;
}

function indexOf(secrets: Iterable<string>): {
  readonly pieces: ReadonlySet<string>;
  readonly words: ReadonlySet<string>;
} {
  const pieces = new Set<string>();
  const words = new Set<string>();
  for (const secret of secrets) {
    const lower = lowered(secret);
    if (lower.length < sharedLength && lower.length >= shortestSecret) words.add(lower);
    for (let at = 0; at + sharedLength <= lower.length; at++) pieces.add(lower.slice(at, at + sharedLength));
  }
  return { pieces, words };
}

// Character by character, so that places in it are places in the text: a few letters are longer when they are small.
function lowered(text: string): string {
  return text.replace(/\p{Lu}/gu, (letter) => {
    const small = letter.toLowerCase();
    return small.length === letter.length ? small : letter;
  });
}
