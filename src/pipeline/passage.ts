import {
  EndFrame,
  type Frame,
  type FrameDirection,
  InterruptionFrame,
  StartFrame,
  StopFrame,
} from "../frames/index.ts";
import { type Deferred, deferred } from "../util/index.ts";
import { FlushFrame } from "./flush-frame.ts";

/** Follows one frame through several branches at once and tells when it goes on. */
export class Passage {
  // How often it has left each branch; one that has kept it is not waited for.
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
    return this.#goesOn();
  }

  /** Notes that a branch is done with the frame, whether it has let it out or kept it; true when it is to go on now. */
  finish(branch: number): boolean {
    if (this.#left[branch] === 0) this.#left[branch] = Number.POSITIVE_INFINITY;
    return this.#goesOn();
  }

  #goesOn(): boolean {
    const count = this.#byAll ? Math.min(...this.#left) : Math.max(...this.#left);
    // Infinite where all have kept it.
    if (count <= this.#passedOn || count === Number.POSITIVE_INFINITY) return false;
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
  return holds(frame) || frame instanceof InterruptionFrame || frame instanceof FlushFrame;
}
