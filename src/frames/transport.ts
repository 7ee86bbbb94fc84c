import { DataFrame, type FrameInit, SystemFrame } from "./frame.ts";

export interface TransportMessageFrameInit extends FrameInit {
  /** In the form that the transport and its client agree on. To leave the process it has to be plain JSON. */
  readonly message: unknown;
}

/** A message that the transport's client has sent, beside audio, images and text. */
export class InputTransportMessageFrame extends SystemFrame {
  readonly message: unknown;

  constructor(init: TransportMessageFrameInit) {
    super(init);
    this.message = init.message;
  }
}

/** A message for the transport's client, in order with the audio and dropped by an interruption. */
export class OutputTransportMessageFrame extends DataFrame {
  readonly message: unknown;

  constructor(init: TransportMessageFrameInit) {
    super(init);
    this.message = init.message;
  }
}

/** A message for the transport's client that is sent at once. */
export class OutputTransportMessageUrgentFrame extends SystemFrame {
  readonly message: unknown;

  constructor(init: TransportMessageFrameInit) {
    super(init);
    this.message = init.message;
  }
}
