import { TrunklineError } from "../errors.ts";

/** For how long a client is let in. */
export interface AdmissionOptions {
  /**
   * When the credentials expire, as a date or in milliseconds since 1970. Then the connection is closed with 4401. One that
   * has passed already refuses the client.
   */
  readonly expiresAt?: Date | number | undefined;
}

/**
 * What `authenticate` may return in place of a principal: the principal, and for how long.
 *
 * @throws TrunklineError `TL_INVALID_OPTION` for a time that is none
 */
export class Admission {
  readonly principal: unknown;
  /** In milliseconds since 1970; undefined when it never expires. */
  readonly expiresAt: number | undefined;

  constructor(principal: unknown, { expiresAt }: AdmissionOptions = {}) {
    const at = expiresAt === undefined ? undefined : Number(expiresAt);
    if (Number.isNaN(at)) {
      throw new TrunklineError("TL_INVALID_OPTION", "expiresAt is neither a valid date nor a number of milliseconds.");
    }
    this.principal = principal;
    this.expiresAt = at === Number.POSITIVE_INFINITY ? undefined : at;
  }
}

/** What an answer of `authenticate` lets in; undefined when it says no. */
export function admissionOf(answer: unknown): Admission | undefined {
  const admission = answer instanceof Admission ? answer : new Admission(answer);
  const { principal, expiresAt } = admission;
  if (principal === undefined || principal === null || principal === false) return undefined;
  return expiresAt !== undefined && expiresAt <= Date.now() ? undefined : admission;
}
