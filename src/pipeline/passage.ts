import {
  EndFrame,
  ErrorFrame,
  type Frame,
  type FrameDirection,
  StartFrame,
  StopFrame,
  SystemFrame,
} from "../frames/index.ts";
import { type Deferred, deferred } from "../util/index.ts";
import { FlushFrame } from "./flush-frame.ts";

/** Follows one frame through several branches at once and tells when it goes on. */
export class Passage {
  readonly #left: number[];
  readonly #byAll: boolean;
  readonly #merged: Deferred<void> | undefined;
  #passedOn = 0;

  constructor(frame: Frame, branches: number) {
    this.#left = Array.from({ length: branches }, () => 0);
    this.#byAll = waitsForAll(frame);
    this.#merged = holds(frame) ? deferred() : undefined;
  }

  /** For a frame that nothing may overtake: resolves once it has gone on, or is given up. */
  get merged(): Promise<void> | undefined {
    return this.#merged?.promise;
  }

  /** Notes that the frame has left a branch; true when it is to go on now. */
  leave(branch: number): boolean {
    this.#left[branch] = (this.#left[branch] ?? 0) + 1;
    const count = this.#byAll ? Math.min(...this.#left) : Math.max(...this.#left);
    if (count <= this.#passedOn) return false;
    this.#passedOn = count;
    return true;
  }

  /** Lets go what is held behind the frame. */
  release(): void {
    this.#merged?.resolve();
  }
}

/** The frames that are inside the branches of one processor, each way. */
export class Passages {
  // Weak, as a branch may keep a frame for good.
  readonly #under: Record<FrameDirection, WeakMap<Frame, Passage>> = {
    downstream: new WeakMap(),
    upstream: new WeakMap(),
  };

  /** The one of a frame that goes in; the same again when it is sent twice. */
  enter(frame: Frame, direction: FrameDirection, branches: number): Passage {
    const passage = this.of(frame, direction) ?? new Passage(frame, branches);
    this.#under[direction].set(frame, passage);
    return passage;
  }

  of(frame: Frame, direction: FrameDirection): Passage | undefined {
    return this.#under[direction].get(frame);
  }
}

function holds(frame: Frame): boolean {
  return frame instanceof StartFrame || frame instanceof EndFrame || frame instanceof StopFrame;
}

function waitsForAll(frame: Frame): boolean {
  // An error is to be heard even where one branch keeps it to itself.
  if (frame instanceof ErrorFrame) return false;
  return frame instanceof SystemFrame || holds(frame) || frame instanceof FlushFrame;
}
