import type { BusMessage } from "../bus/index.ts";
import type { MessageRejection } from "./options.ts";

/** Turns messages into bytes and back. A proxy or a network bus takes any; both ends have to speak the same. */
export interface MessageSerializer {
  /** @throws TrunklineError when the message cannot be sent; nothing else depends on it */
  serialize(message: BusMessage): Uint8Array;
  /** Returns undefined for whatever is not a message it knows. Never throws: the bytes come from outside. */
  deserialize(bytes: Uint8Array | string): BusMessage | undefined;
  /** Why the last bytes were not a message. Default: nobody says. */
  readonly lastRejection?: MessageRejection | undefined;
}
