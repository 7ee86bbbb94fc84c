import { TrunklineError } from "../../errors.ts";
import type { Clock } from "./clock.ts";
import { mayComeBack, violationCode } from "./close-codes.ts";
import { type Hello, type Resumed, readControlFrame, type Welcome, writeControlFrame } from "./control-frame.ts";
import type { LinkSocket } from "./link-socket.ts";
import { RefusedError } from "./refused-error.ts";

/** How long either half of the handshake may take. */
const helloTimeoutMs = 5_000;
/** How long a socket that is sent away may take to go. */
const goodbyeTimeoutMs = 1_000;

const silence =
  `The server agreed on the protocol for sessions and did not answer hello within ${helloTimeoutMs} ms. ` +
  'If it is one that agrees to everything, set link.resume to "off".';
const foreignTongue = "The server agreed on the protocol for sessions and speaks another one.";

/**
 * The client's half of the handshake: says hello, and gives the server's answer. The socket is free again afterwards,
 * and holds what has come since.
 * @throws TrunklineError `TL_CONNECT_FAILED` when there is no answer, `TL_LINK_REFUSED` when there will be none,
 * `TL_RESUME_UNAVAILABLE` when it is none of this protocol; the socket has ended
 */
export function sayHello(
  socket: LinkSocket,
  hello: Hello,
  signal: AbortSignal,
  clock: Clock,
): Promise<Welcome | Resumed> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      cancelTimeout();
      signal.removeEventListener("abort", giveUp);
      socket.detach();
    };
    const fail = (error: TrunklineError) => {
      settle();
      socket.terminate();
      reject(error);
    };
    const giveUp = () => fail(new TrunklineError("TL_CONNECT_FAILED", "Connecting was given up during the handshake."));
    const cancelTimeout = clock.after(helloTimeoutMs, () => fail(new TrunklineError("TL_CONNECT_FAILED", silence)));
    if (signal.aborted) {
      giveUp();
      return;
    }
    signal.addEventListener("abort", giveUp, { once: true });
    socket.send(writeControlFrame(hello));
    socket.attach({
      onMessage(data, kind) {
        const answer = kind === "text" ? readControlFrame(data) : undefined;
        if (answer?.t === "welcome" || (answer?.t === "resumed" && hello.resume !== undefined)) {
          settle();
          resolve(answer);
          return;
        }
        const why = "not an answer to hello";
        socket.close(violationCode, why);
        // It has spoken the protocol before, or it may be a server that agrees to everything.
        if (hello.resume !== undefined) fail(new RefusedError(foreignTongue, "violation", violationCode, why));
        else fail(new TrunklineError("TL_RESUME_UNAVAILABLE", foreignTongue));
      },
      onDrain() {},
      onFailing() {},
      onClose({ code, reason }) {
        const why = `The server closed the connection during the handshake (code ${code}${reason && `: ${reason}`}).`;
        if (mayComeBack(code)) fail(new TrunklineError("TL_CONNECT_FAILED", why));
        else fail(new RefusedError(why, "refused", code, reason));
      },
    });
  });
}

/**
 * The server's half: waits for hello. The socket is free again afterwards, and holds what has come since. Undefined
 * when there is none, or not in time; then the socket has ended or is about to.
 */
export function hearHello(socket: LinkSocket, clock: Clock): Promise<Hello | undefined> {
  return new Promise((resolve) => {
    const settle = (hello: Hello | undefined) => {
      cancelTimeout();
      socket.detach();
      resolve(hello);
    };
    const cancelTimeout = clock.after(helloTimeoutMs, () => {
      settle(undefined);
      socket.terminate();
    });
    socket.attach({
      onMessage(data, kind) {
        const hello = kind === "text" ? readControlFrame(data) : undefined;
        if (hello?.t === "hello") settle(hello);
        else {
          settle(undefined);
          sendAway(socket, violationCode, "hello comes first", clock);
        }
      },
      onDrain() {},
      onFailing() {},
      onClose: () => settle(undefined),
    });
  });
}

/** Closes a socket that nobody has attached to, and cuts it when that takes too long. */
export function sendAway(socket: LinkSocket, code: number, reason: string, clock: Clock): void {
  const cancelTimeout = clock.after(goodbyeTimeoutMs, () => socket.terminate());
  const ignore = () => {};
  socket.attach({ onMessage: ignore, onDrain: ignore, onFailing: ignore, onClose: cancelTimeout });
  socket.close(code, reason);
}
