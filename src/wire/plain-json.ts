import { Flaw, locate } from "./flaw.ts";

export interface PlainJSONRules {
  /** Whether an object may have both `__type__` and `__data__`. */
  readonly allowTags: boolean;
  /** How deep values may be nested. */
  readonly maxDepth: number;
}

/**
 * Checks that JSON can carry user data without changing it.
 *
 * The data itself goes on the wire, no copy. Properties that are undefined count as absent.
 * @throws Flaw at the first value that JSON would change, lose or cannot write
 */
export function checkPlainJSON(value: unknown, rules: PlainJSONRules, depth = 1): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      // JSON has no such numbers, and what Python writes in their place is not JSON.
      if (!Number.isFinite(value)) throw new Flaw("shape", `is ${value}, which JSON cannot carry`);
      return;
    case "object":
      if (value === null) return;
      if (depth > rules.maxDepth) {
        throw new Flaw("shape", `is nested deeper than ${rules.maxDepth} levels, or contains itself`);
      }
      if (Array.isArray(value)) checkArray(value, rules, depth);
      else checkObject(value, rules, depth);
      return;
    case "bigint":
      throw new Flaw("shape", "is a bigint; send it as a string");
    default:
      throw new Flaw("shape", `is ${typeof value === "undefined" ? "undefined" : `a ${typeof value}`}`);
  }
}

function checkArray(array: readonly unknown[], rules: PlainJSONRules, depth: number): void {
  for (let index = 0; index < array.length; index += 1) {
    try {
      checkPlainJSON(array[index], rules, depth + 1);
    } catch (error) {
      throw locate(error, index);
    }
  }
}

function checkObject(object: object, rules: PlainJSONRules, depth: number): void {
  if (!isPlain(object)) throw new Flaw("shape", describeInstance(object));
  const fields = object as Readonly<Record<string, unknown>>;
  const keys = Object.keys(fields);
  if (!rules.allowTags && keys.includes("__type__") && keys.includes("__data__")) {
    // A Python peer would build an object of that type, or drop the value, wherever it finds the two.
    throw new Flaw("shape", "has both __type__ and __data__, which a Python peer takes for a type of its own");
  }
  for (const key of keys) {
    const value = fields[key];
    if (key === "__proto__") throw new Flaw("shape", "has a key __proto__, which every receiver refuses");
    if (value === undefined) continue;
    try {
      checkPlainJSON(value, rules, depth + 1);
    } catch (error) {
      throw locate(error, key);
    }
  }
}

/** True for `{}` and `Object.create(null)`, also of another realm: its prototype is the end of the chain. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function describeInstance(object: object): string {
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) {
    return "is binary; bytes go only where a field says so, elsewhere send base64";
  }
  if (object instanceof Date) return "is a Date; send its ISO string or its milliseconds";
  return `is a ${shortClassName(object)}, not plain JSON`;
}

function shortClassName(object: object): string {
  const name: unknown = object.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "class instance";
}
