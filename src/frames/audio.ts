import { DataFrame, type FrameInit, SystemFrame } from "./frame.ts";

export interface AudioFrameInit extends FrameInit {
  /** Interleaved signed 16-bit little-endian PCM. */
  readonly audio: Uint8Array;
  /** In Hz. */
  readonly sampleRate: number;
  /** Default 1. */
  readonly numChannels?: number | undefined;
}

const bytesPerSample = 2;

/** Audio from the user. A system frame: it is never late behind text. */
export class InputAudioRawFrame extends SystemFrame {
  /** Interleaved signed 16-bit little-endian PCM. */
  readonly audio: Uint8Array;
  /** In Hz. */
  readonly sampleRate: number;
  readonly numChannels: number;
  /** Samples per channel. */
  readonly numFrames: number;

  constructor(init: AudioFrameInit) {
    super(init);
    this.audio = init.audio;
    this.sampleRate = init.sampleRate;
    this.numChannels = init.numChannels ?? 1;
    this.numFrames = Math.floor(init.audio.byteLength / (this.numChannels * bytesPerSample));
  }
}

/** Audio for the user. */
export class OutputAudioRawFrame extends DataFrame {
  /** Interleaved signed 16-bit little-endian PCM. */
  readonly audio: Uint8Array;
  /** In Hz. */
  readonly sampleRate: number;
  readonly numChannels: number;
  /** Samples per channel. */
  readonly numFrames: number;

  constructor(init: AudioFrameInit) {
    super(init);
    this.audio = init.audio;
    this.sampleRate = init.sampleRate;
    this.numChannels = init.numChannels ?? 1;
    this.numFrames = Math.floor(init.audio.byteLength / (this.numChannels * bytesPerSample));
  }
}

/** Audio for the user that text to speech has made. */
export class TTSAudioRawFrame extends OutputAudioRawFrame {}
