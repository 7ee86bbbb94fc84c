import { DataFrame, type FrameInit, SystemFrame } from "./frame.ts";

/** A key of a telephone. */
export type KeypadEntry = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "*" | "#";

export interface InputDTMFFrameInit extends FrameInit {
  readonly button: KeypadEntry;
}

/** The user has pressed a key of the telephone. */
export class InputDTMFFrame extends SystemFrame {
  readonly button: KeypadEntry;

  constructor(init: InputDTMFFrameInit) {
    super(init);
    this.button = init.button;
  }
}

export interface OutputDTMFFrameInit extends FrameInit {
  /** Pressed one after the other; at least one. */
  readonly buttons: readonly KeypadEntry[];
}

/** Presses keys once the audio before them has been heard. */
export class OutputDTMFFrame extends DataFrame {
  readonly buttons: readonly KeypadEntry[];

  constructor(init: OutputDTMFFrameInit) {
    super(init);
    this.buttons = init.buttons;
  }
}

/** Presses keys at once. */
export class OutputDTMFUrgentFrame extends SystemFrame {
  readonly buttons: readonly KeypadEntry[];

  constructor(init: OutputDTMFFrameInit) {
    super(init);
    this.buttons = init.buttons;
  }
}
