import { DataFrame, type FrameInit, SystemFrame } from "./frame.ts";

/** What every frame with audio has. */
export interface RawAudio {
  /** Interleaved signed 16-bit little-endian PCM. */
  readonly audio: Uint8Array;
  /** In Hz. */
  readonly sampleRate: number;
  readonly numChannels: number;
  /** Samples per channel. */
  readonly numFrames: number;
}

export interface AudioFrameInit extends FrameInit {
  /** Interleaved signed 16-bit little-endian PCM. */
  readonly audio: Uint8Array;
  /** In Hz. */
  readonly sampleRate: number;
  /** Default 1. */
  readonly numChannels?: number | undefined;
}

const bytesPerSample = 2;

function rawAudio({ audio, sampleRate, numChannels = 1 }: AudioFrameInit): RawAudio {
  return { audio, sampleRate, numChannels, numFrames: Math.floor(audio.byteLength / (numChannels * bytesPerSample)) };
}

/** Audio from the user. A system frame: it is never late behind text. */
export class InputAudioRawFrame extends SystemFrame implements RawAudio {
  readonly audio: Uint8Array;
  readonly sampleRate: number;
  readonly numChannels: number;
  readonly numFrames: number;

  constructor(init: AudioFrameInit) {
    super(init);
    ({
      audio: this.audio,
      sampleRate: this.sampleRate,
      numChannels: this.numChannels,
      numFrames: this.numFrames,
    } = rawAudio(init));
  }
}

export interface UserAudioRawFrameInit extends AudioFrameInit {
  /** Who speaks. Default `""`. */
  readonly userId?: string | undefined;
}

/** Audio from one of several users. */
export class UserAudioRawFrame extends InputAudioRawFrame {
  /** Who speaks. */
  readonly userId: string;

  constructor(init: UserAudioRawFrameInit) {
    super(init);
    this.userId = init.userId ?? "";
  }
}

/** Audio for the user. */
export class OutputAudioRawFrame extends DataFrame implements RawAudio {
  readonly audio: Uint8Array;
  readonly sampleRate: number;
  readonly numChannels: number;
  readonly numFrames: number;

  constructor(init: AudioFrameInit) {
    super(init);
    ({
      audio: this.audio,
      sampleRate: this.sampleRate,
      numChannels: this.numChannels,
      numFrames: this.numFrames,
    } = rawAudio(init));
  }
}

/** Audio for the user from a source that never pauses: speech, and silence between it. */
export class SpeechOutputAudioRawFrame extends OutputAudioRawFrame {}
