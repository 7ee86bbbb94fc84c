import { DataFrame, type FrameInit, SystemFrame } from "./frame.ts";

/** Width and height in pixels. */
export type ImageSize = readonly [width: number, height: number];

/** What every frame with an image has. */
export interface RawImage {
  /** Pixels in the layout of `format`, or an encoded file where `format` names an encoding. */
  readonly image: Uint8Array;
  /** Width and height in pixels. */
  readonly size: ImageSize;
  /** How the bytes are meant, such as `RGB`, `RGBA` or `JPEG`. */
  readonly format: string | undefined;
}

export interface ImageFrameInit extends FrameInit {
  /** Pixels in the layout of `format`, or an encoded file where `format` names an encoding. */
  readonly image: Uint8Array;
  /** Width and height in pixels. */
  readonly size: ImageSize;
  /** How the bytes are meant, such as `RGB`, `RGBA` or `JPEG`. Default: nobody says. */
  readonly format?: string | undefined;
}

/** An image from the user, of a camera or a screen. A system frame: it is never late behind text. */
export class InputImageRawFrame extends SystemFrame implements RawImage {
  readonly image: Uint8Array;
  readonly size: ImageSize;
  readonly format: string | undefined;

  constructor(init: ImageFrameInit) {
    super(init);
    this.image = init.image;
    this.size = init.size;
    this.format = init.format;
  }
}

export interface UserImageRequestFrameInit extends FrameInit {
  readonly userId: string;
  /** What is asked about the image. */
  readonly text?: string | undefined;
  /** Whether the image goes into the conversation's context. Default: who answers decides. */
  readonly appendToContext?: boolean | undefined;
  /** Name of the camera or screen to take it from. Default: the transport's first. */
  readonly videoSource?: string | undefined;
  /** The tool that asks, where one does. */
  readonly functionName?: string | undefined;
  readonly toolCallId?: string | undefined;
}

/** Asks the transport for one image of a user; a {@link UserImageRawFrame} answers. */
export class UserImageRequestFrame extends SystemFrame {
  readonly userId: string;
  readonly text: string | undefined;
  readonly appendToContext: boolean | undefined;
  readonly videoSource: string | undefined;
  readonly functionName: string | undefined;
  readonly toolCallId: string | undefined;

  constructor(init: UserImageRequestFrameInit) {
    super(init);
    this.userId = init.userId;
    this.text = init.text;
    this.appendToContext = init.appendToContext;
    this.videoSource = init.videoSource;
    this.functionName = init.functionName;
    this.toolCallId = init.toolCallId;
  }
}

export interface UserImageRawFrameInit extends ImageFrameInit {
  /** Whose image it is. Default `""`. */
  readonly userId?: string | undefined;
  /** What is asked about the image. */
  readonly text?: string | undefined;
  /** Whether the image goes into the conversation's context. Default: who receives it decides. */
  readonly appendToContext?: boolean | undefined;
  /** What this answers, where it was asked for. */
  readonly request?: UserImageRequestFrame | undefined;
  /** False keeps the model from answering once the image is in the context. Default: it answers. */
  readonly runLlm?: boolean | undefined;
}

/** An image from one of several users, often one that was asked for. */
export class UserImageRawFrame extends InputImageRawFrame {
  readonly userId: string;
  readonly text: string | undefined;
  readonly appendToContext: boolean | undefined;
  readonly request: UserImageRequestFrame | undefined;
  readonly runLlm: boolean | undefined;

  constructor(init: UserImageRawFrameInit) {
    super(init);
    this.userId = init.userId ?? "";
    this.text = init.text;
    this.appendToContext = init.appendToContext;
    this.request = init.request;
    this.runLlm = init.runLlm;
  }
}

export interface OutputImageRawFrameInit extends ImageFrameInit {
  /** True shows the image when the audio before it has been heard, false at once. Default false. */
  readonly syncWithAudio?: boolean | undefined;
}

/** An image for the user. */
export class OutputImageRawFrame extends DataFrame implements RawImage {
  readonly image: Uint8Array;
  readonly size: ImageSize;
  readonly format: string | undefined;
  readonly syncWithAudio: boolean;

  constructor(init: OutputImageRawFrameInit) {
    super(init);
    this.image = init.image;
    this.size = init.size;
    this.format = init.format;
    this.syncWithAudio = init.syncWithAudio ?? false;
  }
}

export interface URLImageRawFrameInit extends OutputImageRawFrameInit {
  /** Where the image can be fetched. */
  readonly url?: string | undefined;
}

/** An image for the user that can also be fetched, as image generators give them. */
export class URLImageRawFrame extends OutputImageRawFrame {
  /** Where the image can be fetched. */
  readonly url: string | undefined;

  constructor(init: URLImageRawFrameInit) {
    super(init);
    this.url = init.url;
  }
}
