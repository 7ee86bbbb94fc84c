import type { Frame, FrameDirection } from "../frames/index.ts";
import { BusDataMessage, type BusMessageInit } from "./message.ts";

export interface BusFrameMessageInit extends BusMessageInit {
  readonly frame: Frame;
  readonly direction: FrameDirection;
  /** Name of the bridge it came through. Default: the unnamed one. */
  readonly bridge?: string | undefined;
}

/** A pipeline's frame on its way to another pipeline. */
export class BusFrameMessage extends BusDataMessage {
  readonly frame: Frame;
  readonly direction: FrameDirection;
  readonly bridge: string | undefined;

  constructor(init: BusFrameMessageInit) {
    super(init);
    this.frame = init.frame;
    this.direction = init.direction;
    this.bridge = init.bridge;
  }
}
