import { describe, expect, it } from "vitest";
import { unlessAborted, within } from "../../src/util/index.ts";
import { turns } from "../support/settled.ts";

const never = new Promise<never>(() => {});
const soon = async () => {
  await turns();
  return "soon";
};

describe("waiting for something short that something long may overtake", () => {
  it("gives what comes first, and what is asked for instead may throw", async () => {
    const over = new AbortController();
    expect(await unlessAborted(soon(), over.signal, () => "over")).toBe("soon");
    await expect(unlessAborted(Promise.reject(new Error("failed")), over.signal, () => "over")).rejects.toThrow(
      "failed",
    );
    const overtaken = unlessAborted(never, over.signal, () => "over");
    const thrown = unlessAborted(never, over.signal, () => over.signal.throwIfAborted());
    over.abort(new Error("the end"));
    expect(await overtaken).toBe("over");
    await expect(thrown).rejects.toThrow("the end");
    expect(await unlessAborted(never, over.signal, () => "over")).toBe("over");
  });

  it("within a time, or until the end", async () => {
    const over = new AbortController();
    expect(await within(soon(), 60_000, over.signal)).toBe("done");
    expect(await within(never, 1)).toBe("late");
    const overtaken = within(never, 60_000, over.signal);
    over.abort();
    expect(await overtaken).toBe("late");
    expect(await within(never, 60_000, over.signal)).toBe("late");
  });

  it("a time that no timer can wait is not over at once", async () => {
    const longer = async () => {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    for (const timeoutMs of [2 ** 31, Number.POSITIVE_INFINITY]) expect(await within(longer(), timeoutMs)).toBe("done");
  });
});
