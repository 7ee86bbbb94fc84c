/**
 * Why a session was lost, and with it what had not been acknowledged.
 *
 * - `expired`: there was no other connection within the window.
 * - `unknown`: the server does not know the session. It was restarted, or it is another one.
 * - `overflow`: more was sent than may wait while there is no connection.
 * - `pressure`: too much waited for too many clients of the server.
 * - `mismatch`: client and server do not agree on what has arrived.
 * - `refused`: the peer closed the connection for good.
 * - `violation`: the peer does not keep to the protocol.
 * - `plain`: the connection broke, and the peer cannot resume.
 */
export type SessionLostReason =
  | "expired"
  | "unknown"
  | "overflow"
  | "pressure"
  | "mismatch"
  | "refused"
  | "violation"
  | "plain";
