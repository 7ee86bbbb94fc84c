import { inspect } from "node:util";

/** Hears of promises whose rejection nobody handles, and of errors that nobody catches. */
export class RejectionWatch {
  readonly #seen: string[] = [];
  readonly #note = (reason: unknown): void => void this.#seen.push(inspect(reason));

  constructor() {
    process.on("unhandledRejection", this.#note);
    process.on("uncaughtException", this.#note);
  }

  /** Call it some turns of the event loop after the last promise was made. */
  get seen(): readonly string[] {
    return this.#seen;
  }

  stop(): void {
    process.off("unhandledRejection", this.#note);
    process.off("uncaughtException", this.#note);
  }
}
