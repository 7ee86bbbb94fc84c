import { readFileSync, writeSync } from "node:fs";
import type { AgentBus } from "trunkline";
import { stampIn } from "./stamped-text.ts";

const width = 10;

/** What had been handed to a bus of what somebody sent, known also after the SIGKILL of its process. */
export interface Arrivals {
  readonly count: number;
  readonly highest: number;
}

/** Writes them into that file before they are handed over: what is acknowledged was written. */
export function recordArrivals(bus: AgentBus, source: string, file: number): void {
  const send = bus.send.bind(bus);
  let count = 0;
  let highest = 0;
  bus.send = (message) => {
    const number = stampIn(message, source)?.stamp.number;
    if (number !== undefined) {
      count += 1;
      highest = Math.max(highest, number);
      writeSync(file, `${String(count).padStart(width)}${String(highest).padStart(width)}`, 0);
    }
    return send(message);
  };
}

export function readArrivals(path: string): Arrivals {
  const told = readFileSync(path, "utf8");
  return { count: Number(told.slice(0, width)), highest: Number(told.slice(width)) };
}
