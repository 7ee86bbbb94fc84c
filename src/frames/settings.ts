import { ControlFrame, type FrameInit } from "./frame.ts";

export interface ServiceUpdateSettingsFrameInit extends FrameInit {
  /** The settings to change, by the service's own names; the others stay. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Changes settings of a service while it runs, in order with what is queued. */
export abstract class ServiceUpdateSettingsFrame extends ControlFrame {
  static override readonly interruptible = false;
  readonly settings: Readonly<Record<string, unknown>>;

  constructor(init: ServiceUpdateSettingsFrameInit) {
    super(init);
    this.settings = init.settings;
  }
}

/** Changes settings of the language model's service, such as its temperature. */
export class LLMUpdateSettingsFrame extends ServiceUpdateSettingsFrame {}

/** Changes settings of text to speech, such as its voice. */
export class TTSUpdateSettingsFrame extends ServiceUpdateSettingsFrame {}

/** Changes settings of speech to text, such as its language. */
export class STTUpdateSettingsFrame extends ServiceUpdateSettingsFrame {}
