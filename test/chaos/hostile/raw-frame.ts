/** What a WebSocket frame says of itself; every field may be one that no frame may have. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  /** Default true. */
  readonly fin?: boolean;
  /** The three reserved bits, as a number up to 7. Default 0. */
  readonly reserved?: number;
  /** Default true, as it must be for clients. The mask is one of zeros: the payload stays readable. */
  readonly masked?: boolean;
  /** Default: the payload's. */
  readonly length?: bigint;
  /** How many bits to write the length with. Default: as few as will do. */
  readonly lengthBits?: 7 | 16 | 64;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export function rawFrame(frame: RawFrame): Buffer {
  const { opcode, fin = true, reserved = 0, masked = true } = frame;
  const payload = Buffer.from(frame.payload ?? "");
  const length = frame.length ?? BigInt(payload.length);
  const bits = frame.lengthBits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
  const maskBit = masked ? 0x80 : 0;
  const head = Buffer.alloc(2 + (bits === 7 ? 0 : bits / 8) + (masked ? 4 : 0));
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = maskBit | (bits === 7 ? Number(length) : bits === 16 ? 126 : 127);
  if (bits === 16) head.writeUInt16BE(Number(length), 2);
  if (bits === 64) head.writeBigUInt64BE(length, 2);
  return Buffer.concat([head, payload]);
}

export const text = (payload: string): Buffer => rawFrame({ opcode: opcodes.text, payload });
export const binary = (payload: Uint8Array | string): Buffer => rawFrame({ opcode: opcodes.binary, payload });
export const ping = (payload: Uint8Array | string = ""): Buffer => rawFrame({ opcode: opcodes.ping, payload });

/** A close frame with this code, and whatever is to stand for a reason. */
export function closeFrame(code: number, reason: Uint8Array | string = ""): Buffer {
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
  payload.writeUInt16BE(code, 0);
  return rawFrame({ opcode: opcodes.close, payload });
}

export interface HeardFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The whole frames at the beginning of what a server has sent, and how many bytes they take. */
export function framesIn(bytes: Buffer): { readonly frames: readonly HeardFrame[]; readonly byteLength: number } {
  const frames: HeardFrame[] = [];
  let at = 0;
  for (;;) {
    if (bytes.length < at + 2) break;
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < at + head) break;
    const length =
      short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
    if (bytes.length < at + head + length) break;
    frames.push({ opcode: (bytes[at] ?? 0) & 0x0f, payload: bytes.subarray(at + head, at + head + length) });
    at += head + length;
  }
  return { frames, byteLength: at };
}
