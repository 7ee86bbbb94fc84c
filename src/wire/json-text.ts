import { isRecord } from "../util/index.ts";

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Tells whether arrays and objects are nested deeper than `maxDepth`, before a parser or a walk recurses into them.
 *
 * Text that is not JSON gets some answer; the parser has the last word.
 */
export function nestsDeeperThan(text: string, maxDepth: number): boolean {
  if (text.length <= maxDepth) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case quote:
        index = endOfString(text, index);
        break;
      case openBracket:
      case openBrace:
        depth += 1;
        if (depth > maxDepth) return true;
        break;
      case closeBracket:
      case closeBrace:
        depth -= 1;
        break;
    }
  }
  return false;
}

/** Strings are most of a message, audio above all: indexOf passes over them at the engine's own speed. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/**
 * Tells whether an object in `value`, which `text` was parsed into, has a key `__proto__`.
 *
 * The parser makes an own property of it, which does no harm until somebody copies the object. Nearly every message
 * is cleared by looking for the word in its text, where an underscore may also be written as an escape.
 */
export function hasPrototypeKey(value: unknown, text: string): boolean {
  if (!text.includes("__proto__") && !text.includes("\\u005f") && !text.includes("\\u005F")) return false;
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isRecord(next)) {
      if (Object.hasOwn(next, "__proto__")) return true;
      for (const part of Object.values(next)) if (typeof part === "object" && part !== null) open.push(part);
    } else if (Array.isArray(next)) {
      for (const part of next) if (typeof part === "object" && part !== null) open.push(part);
    }
  }
  return false;
}
