import { EventEmitter } from "node:events";
import { describe, expect, it, vi } from "vitest";
import type { LinkSocketHandlers } from "../../src/proxy/link/index.ts";
import { Reception } from "../../src/proxy/reception.ts";
import { linkSocketFrom } from "../../src/proxy/socket.ts";

const bytes = (number: number) => new TextEncoder().encode(String(number));
const ending = { code: 1000, reason: "enough" };

/** One that takes its time over each frame, without letting go of the event loop. */
class SlowListener implements LinkSocketHandlers {
  readonly heard: string[] = [];
  readonly #busyMs: number;
  readonly #then: (heard: string) => void;

  constructor(busyMs: number, then: (heard: string) => void = () => {}) {
    this.#busyMs = busyMs;
    this.#then = then;
  }

  onMessage(data: Uint8Array): void {
    const until = performance.now() + this.#busyMs;
    while (performance.now() < until);
    this.#hear(new TextDecoder().decode(data));
  }

  onDrain(): void {}

  onFailing(): void {
    this.#hear("failing");
  }

  onClose(): void {
    this.#hear("end");
  }

  #hear(what: string): void {
    this.heard.push(what);
    this.#then(what);
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index));
const whole = (listener: SlowListener, ...expected: readonly string[]) =>
  vi.waitFor(() => expect(listener.heard.at(-1)).toBe(expected.at(-1)), { timeout: 10_000 });

/** Hands over so many frames at once, as a library does with all it has read. */
function handOver(reception: Reception, from: number, to: number): boolean {
  let taken = true;
  for (let number = from; number < to; number += 1) taken = reception.message(bytes(number), "binary") && taken;
  return taken;
}

describe("a reception that is handed many frames at once", () => {
  it("lets the event loop turn, and keeps the order, with the end last", async () => {
    const reception = new Reception();
    let heardAtTimer = 0;
    const listener = new SlowListener(0.5);
    reception.attach(listener);
    setTimeout(() => {
      heardAtTimer = listener.heard.length;
    }, 0);
    expect(handOver(reception, 0, 400)).toBe(true);
    const atOnce = listener.heard.length;
    expect(atOnce).toBeGreaterThan(0);
    expect(atOnce).toBeLessThan(100);
    reception.failing(new Error("broken"));
    reception.close(ending);
    expect(listener.heard).toHaveLength(atOnce);
    await whole(listener, "end");
    expect(listener.heard).toEqual([...numbers(0, 400), "end"]);
    expect(heardAtTimer).toBeGreaterThan(0);
    expect(heardAtTimer).toBeLessThan(400);
  });

  it("hands all of them over at once when they take no time", () => {
    const reception = new Reception();
    const listener = new SlowListener(0);
    reception.attach(listener);
    const clock = vi.spyOn(performance, "now").mockReturnValue(1_000);
    handOver(reception, 0, 1_000);
    clock.mockRestore();
    expect(listener.heard).toEqual(numbers(0, 1_000));
  });

  it("says when to read no further, and when to go on", async () => {
    const said: boolean[] = [];
    const reception = new Reception((isResting) => said.push(isResting));
    const listener = new SlowListener(1);
    reception.attach(listener);
    handOver(reception, 0, 100);
    expect(said).toEqual([true]);
    await whole(listener, "99");
    await vi.waitFor(() => expect(said.at(-1)).toBe(false));
    expect(said.filter((isResting) => !isResting)).toHaveLength(1);
    expect(reception.resting).toBe(false);
  });

  it("may change hands meanwhile", async () => {
    const reception = new Reception();
    const second = new SlowListener(0.5);
    const first = new SlowListener(0.5, (heard) => {
      if (heard !== "150") return;
      reception.detach();
      setTimeout(() => reception.attach(second), 5);
    });
    reception.attach(first);
    handOver(reception, 0, 300);
    expect(first.heard.length).toBeLessThan(150);
    reception.detach();
    reception.attach(first);
    await whole(second, "299");
    expect(first.heard).toEqual(numbers(0, 151));
    expect(second.heard).toEqual(numbers(151, 300));
  });

  it("holds what comes in the next turn behind it", async () => {
    const reception = new Reception();
    const listener = new SlowListener(0.5, (heard) => {
      if (heard === "60") setImmediate(() => handOver(reception, 200, 210));
    });
    reception.attach(listener);
    handOver(reception, 0, 200);
    await whole(listener, "209");
    expect(listener.heard).toEqual(numbers(0, 210));
  });

  it("takes longer when they are more than may be held: none is lost, and nobody is cut off", async () => {
    const reception = new Reception();
    const listener = new SlowListener(0.02);
    reception.attach(listener);
    expect(handOver(reception, 0, 5_000)).toBe(true);
    expect(listener.heard.length).toBeGreaterThanOrEqual(5_000 - 2_048);
    expect(listener.heard.length).toBeLessThan(5_000);
    // Larger than all that may be held: it cannot wait.
    const huge = new Uint8Array(4_194_305).fill(0x78);
    expect(reception.message(huge, "binary")).toBe(true);
    await vi.waitFor(() => expect(listener.heard).toHaveLength(5_001));
    expect(listener.heard.slice(0, 5_000)).toEqual(numbers(0, 5_000));
  });

  it("does not let one peer keep a server from its others", async () => {
    const methods = {
      send: vi.fn(),
      ping: vi.fn(),
      close: vi.fn(),
      terminate: vi.fn(),
      pause: vi.fn(),
      resume: vi.fn(),
    };
    const websocket = Object.assign(new EventEmitter(), { readyState: 1, bufferedAmount: 0 }, methods);
    const socket = linkSocketFrom(websocket);
    const listener = new SlowListener(1);
    socket.attach(listener);
    websocket.resume.mockClear();
    for (let number = 0; number < 60; number += 1) websocket.emit("message", bytes(number), true);
    expect(websocket.pause).toHaveBeenCalled();
    expect(websocket.resume).not.toHaveBeenCalled();
    // Whoever takes it over does not have it read on before its time.
    socket.detach();
    socket.attach(listener);
    expect(websocket.resume).not.toHaveBeenCalled();
    websocket.emit("close", 1000, bytes(0));
    await whole(listener, "end");
    expect(listener.heard).toEqual([...numbers(0, 60), "end"]);
    await vi.waitFor(() => expect(websocket.resume).toHaveBeenCalled());
    expect(websocket.terminate).not.toHaveBeenCalled();
  });
});
