/** What a WebSocket reports when there was no closing handshake. */
export const abnormalCode = 1006;
/** The server restarts; come back. */
export const restartCode = 1012;
/** The credentials have expired: come back with fresh ones. */
export const expiredCredentialsCode = 4401;
/** A peer that said nothing for too long. */
export const silentPeerCode = 4408;
/** The client has come back over another connection. */
export const replacedCode = 4409;
/** There is no room now; come back. */
export const overloadCode = 4429;
/** The peer does not keep to the protocol. */
export const violationCode = 4500;
/** The session exists, and this is not its token. */
export const badTokenCode = 4501;
/** These credentials are not those of the session. */
export const forbiddenCode = 4503;

// Broken frames, data the other end does not take, a policy, an extension: the next connection would end the same way.
const finalCodes: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

/** True when a session may go on over another connection after one that ended with this code. */
export function mayComeBack(code: number): boolean {
  return !finalCodes.has(code) && !(code >= 4500 && code <= 4999);
}
