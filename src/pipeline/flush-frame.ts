import { ControlFrame } from "../frames/index.ts";
import { deferred } from "../util/index.ts";

/**
 * Follows everything that was pushed downstream before it and tells when it has left the pipeline. It belongs to one
 * pipeline and never crosses to the bus.
 */
export class FlushFrame extends ControlFrame {
  static override readonly interruptible = false;
  readonly #left = deferred();

  /** Resolves when the frame has left at the lower end; never if the pipeline ends before. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  /** Called by the pipeline whose end it has reached. */
  leave(): void {
    this.#left.resolve();
  }
}
