import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What one item of some work leaves behind, measured over many. */
export interface Growth {
  /** Bytes of heap for each item. */
  readonly bytes: number;
  /** Objects for each item: plain ones, functions, arrays, promises, but no strings. */
  readonly objects: number;
  /** How often it was measured until it was flat, or given up. */
  readonly windows: number;
}

export interface GrowthOptions {
  /** Items that are done before anything is measured. */
  readonly warmUp: number;
  /** Items that are measured. */
  readonly measured: number;
  /** How often the heap is looked at meanwhile. Default 12. */
  readonly samples?: number;
  /** Growth up to these counts as flat. */
  readonly flat: { readonly bytes: number; readonly objects: number };
  /** How often more items are measured when it is not flat yet. Default 3 times in all. */
  readonly maxWindows?: number;
  /** Does the items from one number up to, and without, another. */
  work(from: number, to: number): Promise<void>;
}

/**
 * Measures what is left behind by each item of some work: the slope, by least squares, of the heap after collections
 * of garbage that are taken at even distances.
 *
 * The engine grows too, in steps that become rarer: code is compiled, caches are filled. What is not flat is therefore
 * measured again, over as many more items, and the flattest window counts. A leak is in every window.
 */
export async function growthOf(options: GrowthOptions): Promise<Growth> {
  const { warmUp, measured, samples = 12, flat, maxWindows = 3, work } = options;
  await work(0, warmUp);
  let flattest = { bytes: Number.POSITIVE_INFINITY, objects: Number.POSITIVE_INFINITY };
  // Made before anything is measured, lest the samples be found in the heap.
  const bytes = new Float64Array(samples + 1);
  const objects = new Float64Array(samples + 1);
  let windows = 0;
  // A heap that shrinks would hide a leak as well.
  const isFlat = () => Math.abs(flattest.bytes) <= flat.bytes && Math.abs(flattest.objects) <= flat.objects;
  while (windows < maxWindows && !isFlat()) {
    const first = warmUp + windows * measured;
    for (let step = 0; step <= samples; step += 1) {
      if (step > 0) await work(first + itemsAt(step - 1), first + itemsAt(step));
      await collected();
      bytes[step] = process.memoryUsage().heapUsed;
      objects[step] = queryObjects(Object, { format: "count" });
    }
    windows += 1;
    flattest = { bytes: flatter(flattest.bytes, slope(bytes)), objects: flatter(flattest.objects, slope(objects)) };
  }
  return { ...flattest, windows };

  function itemsAt(step: number): number {
    return Math.round((measured * step) / samples);
  }

  function slope(values: Float64Array): number {
    return slopeOf([...values].map((value, step) => [itemsAt(step), value]));
  }
}

function flatter(one: number, other: number): number {
  return Math.abs(other) < Math.abs(one) ? other : one;
}

/** The slope of the line that fits the points best. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const across = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / across;
}

/** What is still there when all garbage is collected. What collecting it lets go is collected too. */
export async function collected(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
}

// Wherever this runs, with the flag on the command line or without.
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
