import { generateKeyPairSync, sign } from "node:crypto";

/** A key and a certificate for this machine's loopback address, in PEM. Nobody trusts it who is not told to. */
export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
}

// The tags of DER that a certificate needs.
const tag = {
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utf8: 12,
  time: 24,
  sequence: 48,
  set: 49,
  version: 160,
  extensions: 163,
};

const oid = {
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  commonName: [0x55, 0x04, 0x03],
  subjectAltName: [0x55, 0x1d, 0x11],
};

/** Made by hand, because a bare machine has no openssl. */
export function selfSigned(): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = der(tag.sequence, der(tag.oid, oid.ecdsaWithSha256));
  const commonName = der(tag.sequence, der(tag.oid, oid.commonName), der(tag.utf8, Buffer.from("trunkline test")));
  const name = der(tag.sequence, der(tag.set, commonName));
  const hour = 3_600_000;
  const validity = der(tag.sequence, time(Date.now() - hour), time(Date.now() + hour));
  // 0x87 is an IP address among the alternative names.
  const names = der(tag.sequence, der(0x87, [127, 0, 0, 1]));
  const extension = der(tag.sequence, der(tag.oid, oid.subjectAltName), der(tag.octets, names));
  const certificate = der(
    tag.sequence,
    der(tag.version, der(tag.integer, [2])),
    der(tag.integer, [1]),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(tag.extensions, der(tag.sequence, extension)),
  );
  const signature = der(tag.bits, [0], sign("sha256", certificate, privateKey));
  const signed = der(tag.sequence, certificate, algorithm, signature).toString("base64");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${signed.replaceAll(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`,
  };
}

function der(tag: number, ...contents: readonly (Uint8Array | readonly number[])[]): Buffer {
  const content = Buffer.concat(contents.map((it) => Buffer.from(it)));
  const { length } = content;
  const long = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...long]), content]);
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\..*/g, "");
  return der(tag.time, Buffer.from(`${digits}Z`));
}
