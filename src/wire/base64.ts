const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const padding = 0x3d;
const invalid = 0xff;
const codeOfDigit = /* @__PURE__ */ Uint8Array.from(alphabet, (digit) => digit.charCodeAt(0));
const digitOfCode = /* @__PURE__ */ (() => {
  const digits = new Uint8Array(256).fill(invalid);
  for (const [digit, code] of codeOfDigit.entries()) digits[code] = digit;
  return digits;
})();

/** What newer engines bring; many times faster than any loop. */
interface NativeBase64 {
  toBase64?(): string;
}
interface NativeBase64Constructor {
  fromBase64?(text: string, options: { lastChunkHandling: "strict" }): Uint8Array;
}

/** Standard base64 with padding. Audio passes here many times a second. */
export function toBase64(bytes: Uint8Array): string {
  const native = bytes as NativeBase64;
  return native.toBase64?.() ?? encodeBase64(bytes);
}

/** The bytes of standard, padded base64; undefined when it is anything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  const length = decodedLength(text);
  if (length === undefined) return undefined;
  const native = Uint8Array as NativeBase64Constructor;
  if (native.fromBase64 === undefined) return decodeBase64(text, length);
  try {
    const bytes = native.fromBase64(text, { lastChunkHandling: "strict" });
    // The platform passes over white space, which the standard form does not have.
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** How {@link toBase64} works where the platform has nothing of its own. */
export function encodeBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  const whole = bytes.length - (bytes.length % 3);
  let at = 0;
  for (let index = 0; index < whole; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    codes[at] = codeOfDigit[group >> 18] ?? 0;
    codes[at + 1] = codeOfDigit[(group >> 12) & 63] ?? 0;
    codes[at + 2] = codeOfDigit[(group >> 6) & 63] ?? 0;
    codes[at + 3] = codeOfDigit[group & 63] ?? 0;
    at += 4;
  }
  if (whole < bytes.length) {
    const group = ((bytes[whole] ?? 0) << 16) | ((bytes[whole + 1] ?? 0) << 8);
    codes[at] = codeOfDigit[group >> 18] ?? 0;
    codes[at + 1] = codeOfDigit[(group >> 12) & 63] ?? 0;
    codes[at + 2] = bytes.length - whole === 2 ? (codeOfDigit[(group >> 6) & 63] ?? 0) : padding;
    codes[at + 3] = padding;
  }
  return new TextDecoder().decode(codes);
}

/** How {@link fromBase64} works where the platform has nothing of its own. */
export function decodeBase64(text: string, length = decodedLength(text)): Uint8Array | undefined {
  if (length === undefined) return undefined;
  const bytes = new Uint8Array(length);
  const digits = text.length === 0 ? 0 : Math.ceil((length * 4) / 3);
  let at = 0;
  let bits = 0;
  let group = 0;
  for (let index = 0; index < digits; index += 1) {
    const digit = digitOfCode[text.charCodeAt(index)] ?? invalid;
    if (digit === invalid) return undefined;
    group = (group << 6) | digit;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = group >> bits;
    group &= (1 << bits) - 1;
    at += 1;
  }
  // Bits beyond the last byte would make two texts of the same bytes.
  return group === 0 ? bytes : undefined;
}

function decodedLength(text: string): number | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padded = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (text.length / 4) * 3 - padded;
}
